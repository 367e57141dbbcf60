from __future__ import annotations

import pytest
from tests.engine.kit import Chat, Painter

from heliograph import errors, providers


def test_a_model_leads_to_its_provider_and_card() -> None:
    chat, painter = Chat(), Painter()
    catalog = providers.Catalog([chat], [painter])
    assert catalog.chat("fake/chat") is chat
    assert catalog.image("fake/painter") is painter
    assert [card.id for card in catalog.cards()] == ["fake/chat", "fake/painter"]
    assert catalog.card("fake/painter").kind == "image"
    assert catalog.default_image == "fake/painter"
    assert catalog.capabilities() == ("chat:fake/chat", "image:fake/painter")


def test_the_first_provider_of_a_model_has_it() -> None:
    one, two = Chat(), Chat()
    assert providers.Catalog([one, two], []).chat("fake/chat") is one


def test_an_unknown_model_is_not_found() -> None:
    catalog = providers.Catalog([Chat()], [])
    for look_up in (catalog.chat, catalog.image, catalog.card):
        with pytest.raises(errors.NotFound) as caught:
            look_up("nobody/nothing")
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
        assert caught.value.status == 404
    assert catalog.default_image is None


def test_the_embedded_catalog_has_the_two_models_and_says_what_they_are() -> None:
    chat, image = providers.embedded().cards()
    assert (chat.id, chat.kind) == ("heliograph/direct", "chat")
    assert (image.id, image.kind) == ("heliograph/illustrator", "image")
    assert "not a language model" in chat.description.lower()
    assert "CC BY-SA 4.0" in image.licence + image.description or "CC-BY-SA-4.0" in image.licence
