"""What the Hugging Face hub does not give is one sentence, with what to give instead."""

from collections.abc import Iterator
from contextlib import contextmanager

from toolchain.errors import ToolchainError


@contextmanager
def asked_of_hub(hub_id: str, instead: str) -> Iterator[None]:
    """Make a ToolchainError of a download in the block that fails; `instead` is what serves without the hub."""
    import httpx2  # What the hub's client speaks HTTP with: a connection that breaks amid a file is its error.
    from huggingface_hub.errors import GatedRepoError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except GatedRepoError:
        raise ToolchainError(
            f"{hub_id!r} is given by the hub to those alone who accepted its licence: accept it on the page of {hub_id!r} there, and set "
            f"HF_TOKEN to a token of that account; or {instead}"
        ) from None
    except (httpx2.HTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled, ValueError) as error:
        raise ToolchainError(
            f"{hub_id!r} cannot be fetched from the hub ({type(error).__name__}): check the id and the network, or {instead}"
        ) from None
