"""Where we differ from an oracle, and why: by hand.

`Type.field: how ours differs`, the type named as the oracle names it. `test_shapes` fails on a
difference that is not here and on an entry that no longer holds.
"""

from __future__ import annotations

NEWER = "in this package, in none of the specifications; goes through as an unknown field"
NEWER_TYPE = "in this package, in none of the specifications; goes through as an unknown object"
UNTAGGED = "items that bear no type are read all the same: the tolerant reader works the type out"
ALONE = "a class that stands alone in its place decodes without its tag"
FOUR_SHAPES = "one class reads all four shapes of `error`, so it can ask for no one shape's fields"
ANY_OBJECT = "the oracle says anything and means this; other objects are kept as unknown ones"
JSON_SCHEMA = "a JSON Schema: an object or null, though typed as anything"
CALLERS_OWN = "open maps by key: nothing in them is ours to name"

OPENAI = {
    "CompoundFilter.filters: untyped here": "OpenRouter has these as open maps, so do we",
    "EasyInputMessage.type: refuses null": UNTAGGED,
    "EasyInputMessage.type: required here": UNTAGGED,
    "EasyInputMessageParam.type: required here": UNTAGGED,
    "ItemReference.type: refuses null": UNTAGGED,
    "ItemReference.type: required here": UNTAGGED,
    "Message.type: refuses null": UNTAGGED,
    "Message.type: required here": UNTAGGED,
    "ResponseErrorEvent.message: not demanded": FOUR_SHAPES,
    "ToolFunction.parameters: refuses any": JSON_SCHEMA,
    "ToolSearchTool.parameters: refuses any": JSON_SCHEMA,
    "ToolSearchToolParam.parameters: refuses any": JSON_SCHEMA,
    "UserLocation.type: refuses null": ALONE,
    "UserLocation.type: required here": ALONE,
}

OPENROUTER = {
    "BaseInputsMessage.type: required here": UNTAGGED,
    "ConfigurationUpdateItem.reasoning: not demanded": "this package alone requires it",
    "ContainerReferenceEnvironment.file_ids: absent": NEWER,
    "ContainerReferenceEnvironment.network_policy: absent": NEWER,
    "CostDetails.server_tool_cost: absent": NEWER,
    "EasyInputMessage.type: required here": UNTAGGED,
    "ErrorEvent.code: not demanded": FOUR_SHAPES,
    "ErrorEvent.message: not demanded": FOUR_SHAPES,
    "ErrorEvent.param: not demanded": FOUR_SHAPES,
    "FunctionCallItem.subagent_items: untyped here": "the specification has open maps here",
    "FusionPluginTool.parameters: refuses null": "nullable in this package only",
    "ImageGenerationProviderPreferences.options: untyped here": CALLERS_OWN,
    "ImageGenerationRequest.session_id: absent": NEWER,
    "ImageGenerationRequest.trace: absent": NEWER,
    "ImageGenerationRequest.user: absent": NEWER,
    "InputMessageItem.type: required here": UNTAGGED,
    "InputVideo.processing: absent": NEWER,
    "InputsMessage.type: required here": UNTAGGED,
    "LegacyWebSearchServerTool.x_search: absent": NEWER,
    "OpenAIResponseFunctionToolCall.subagent_items: untyped here": (
        "the specification has open maps here"
    ),
    "OpenAIResponseInputMessageItem.type: required here": UNTAGGED,
    "OpenResponsesErrorField.metadata: absent": NEWER,
    "OpenResponsesResult.alignment: absent": NEWER,
    "OpenResponsesResult.output: has no OutputArmorBlockedItem": NEWER_TYPE,
    "OpenResponsesResult.safeguard_results: absent": NEWER,
    "OpenRouterMetadata.generation_time: absent": NEWER,
    "OutputBashServerToolItem.container_id: absent": NEWER,
    "OutputBashServerToolItem.files: absent": NEWER,
    "OutputComputerCallItem.action: refuses any": ANY_OBJECT,
    "OutputFunctionCallItem.subagent_items: untyped here": "the specification has open maps here",
    "OutputShellCallOutputItem.container_id: absent": NEWER,
    "OutputShellCallOutputItem.error: absent": NEWER,
    "OutputShellCallOutputItem.files: absent": NEWER,
    "OutputShellServerToolItem.container_id: absent": NEWER,
    "OutputShellServerToolItem.files: absent": NEWER,
    "OutputToolSearchCallItem.call_id: not demanded": "this package alone requires it",
    "OutputToolSearchServerToolItem.matches: absent": NEWER,
    "Preview20250311WebSearchServerTool.x_search: absent": NEWER,
    "PreviewWebSearchServerTool.x_search: absent": NEWER,
    "ProviderPreferences.options: absent": NEWER,
    "ResponsesRequest.deferred_tools: absent": NEWER,
    "ResponsesRequest.input: has no OutputArmorBlockedItem": NEWER_TYPE,
    "ResponsesRequest.plugins: has no AlignmentPlugin": NEWER_TYPE,
    "ResponsesRequest.plugins: has no ArmorPlugin": NEWER_TYPE,
    "ResponsesRequest.plugins: has no JevRouterPlugin": NEWER_TYPE,
    "ResponsesRequest.plugins: has no SwitchyardRouterPlugin": NEWER_TYPE,
    "ResponsesRequest.previous_response_id: refuses any": "OpenRouter refuses all of them",
    "ResponsesRequest.stop: absent": NEWER,
    "ShellCallItem.environment: refuses any": ANY_OBJECT,
    "ShellCallOutputItem.container_id: absent": NEWER,
    "ShellCallOutputItem.error: absent": NEWER,
    "ShellCallOutputItem.files: absent": NEWER,
    "StreamEventsResponseOutputItemAdded.item: has no OutputArmorBlockedItem": NEWER_TYPE,
    "StreamEventsResponseOutputItemDone.item: has no OutputArmorBlockedItem": NEWER_TYPE,
    "ToolSearchCallItem.call_id: not demanded": "this package alone requires it",
    "ToolSearchOutputItem.call_id: not demanded": "this package alone requires it",
    "UsageCostDetails.server_tool_cost: absent": NEWER,
    "WebSearchPlugin.x_search: absent": NEWER,
    "WebSearchServerTool.x_search: absent": NEWER,
    "WebSearchServerToolConfig.x_search: absent": NEWER,
    "WebSearchUserLocation.type: required here": ALONE,
    "WebSearchUserLocationServerTool.type: required here": ALONE,
}

OPEN_RESPONSES = {
    "ErrorPayload.code: not demanded": FOUR_SHAPES,
    "ErrorPayload.message: not demanded": FOUR_SHAPES,
    "ErrorPayload.param: not demanded": FOUR_SHAPES,
    "ErrorPayload.type: not demanded": FOUR_SHAPES,
    "ErrorStreamingEvent.error: not demanded": FOUR_SHAPES,
    "ItemReferenceParam.type: refuses null": UNTAGGED,
    "ItemReferenceParam.type: required here": UNTAGGED,
    "JsonSchemaResponseFormatParam.type: required here": UNTAGGED,
    "ResponseResource.metadata: refuses any": "a map or null, though left untyped",
    "WebSocketErrorEvent.error.code: not demanded": FOUR_SHAPES,
    "WebSocketErrorEvent.error.message: not demanded": FOUR_SHAPES,
    "WebSocketErrorEvent.error: not demanded": FOUR_SHAPES,
    "WebSocketErrorEvent.status: not demanded": FOUR_SHAPES,
}

DIFFERENCES = {"openai": OPENAI, "openrouter": OPENROUTER, "open responses": OPEN_RESPONSES}

OPENAPI = "in OpenRouter's OpenAPI document, no longer in its package"
LENIENT = "errors come in many shapes; reading one must not fail"
NULL_IN_OPENAPI = "OpenRouter's OpenAPI document allows null here"
OURS = "Heliograph's extension: the embedded illustrator and any provider that can take it"
FLAT_OR_OBJECT = "a string in the package, an object on `image_generation_call`: both are read"

OURS_ALONE = {
    "CompactedResponse.usage: nobody allows null": "some servers send it before usage is known",
    "ErrorEvent.code: nobody allows integer": LENIENT,
    "ErrorEvent.error: nobody allows null": LENIENT,
    "ErrorEvent.message: nobody allows null": LENIENT,
    "ErrorEvent.status: nobody allows null": LENIENT,
    "ErrorPayload.code: nobody allows integer": LENIENT,
    "ErrorPayload.headers: nobody allows null": LENIENT,
    "ErrorPayload.message: nobody allows null": LENIENT,
    "ErrorPayload.type: nobody allows null": LENIENT,
    "ImageEditCompletedEvent.usage: nobody allows null": NULL_IN_OPENAPI,
    "ImageGenCompletedEvent.usage: nobody allows null": NULL_IN_OPENAPI,
    "ImageGenerationResponse.usage: nobody allows null": NULL_IN_OPENAPI,
    "ImageGenerationServerTool.seed: nobody has it": OURS,
    "ImageGenerationServerToolConfig.aspect_ratio: nobody has it": OURS,
    "ImageGenerationServerToolConfig.background: nobody has it": OURS,
    "ImageGenerationServerToolConfig.moderation: nobody has it": OURS,
    "ImageGenerationServerToolConfig.output_compression: nobody has it": OURS,
    "ImageGenerationServerToolConfig.output_format: nobody has it": OURS,
    "ImageGenerationServerToolConfig.partial_images: nobody has it": OURS,
    "ImageGenerationServerToolConfig.quality: nobody has it": OURS,
    "ImageGenerationServerToolConfig.seed: nobody has it": OURS,
    "ImageGenerationServerToolConfig.size: nobody has it": OURS,
    "OutputApplyPatchServerToolItem.error: nobody allows null": LENIENT,
    "OutputBashServerToolItem.error: nobody allows null": LENIENT,
    "OutputDatetimeItem.error: nobody allows null": LENIENT,
    "OutputImageGenerationServerToolItem.error: nobody allows null": LENIENT,
    "OutputImageGenerationServerToolItem.error: nobody allows object": FLAT_OR_OBJECT,
    "OutputSearchModelsServerToolItem.error: nobody allows null": LENIENT,
    "OutputShellServerToolItem.error: nobody allows null": LENIENT,
    "OutputToolSearchServerToolItem.error: nobody allows null": LENIENT,
    "OutputWebSearchServerToolItem.error: nobody allows null": LENIENT,
    "ResponsesRequest.route: nobody has it": OPENAPI,
    "SandboxConfig.sleep_after_seconds: nobody has it": OPENAPI,
}


def _absent(oracle: str) -> frozenset[str]:
    wheres = (entry.partition(": ") for entry in DIFFERENCES[oracle])
    return frozenset(where.rpartition(".")[2] for where, _, what in wheres if what == "absent")


ABSENT = {oracle: _absent(oracle) for oracle in DIFFERENCES}
"""Names of the fields that an oracle has and we do not."""
