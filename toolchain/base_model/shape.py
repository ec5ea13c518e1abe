"""The public shape of a base: what its size and the memory of its training depend on, checked before a model is made of it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LARGEST = 2**20
"""Of a rank, a batch and other counts: more than anybody trains with. Without a limit the bytes of a tensor become too many to count."""
Size = Annotated[int, Field(gt=0, le=10_000_000)]


class Shape(BaseModel):
    """A configuration of the transformers library; no size has a default, because the library's are those of some other model."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model_type: Literal["gemma3_text", "llama", "qwen2", "stablelm"]
    vocab_size: Size
    hidden_size: Size
    intermediate_size: Size
    num_hidden_layers: Size
    num_attention_heads: Size
    num_key_value_heads: Size
    head_dim: Size | None = None
    sliding_window: Size | None = None
    max_position_embeddings: Size | None = None
    use_qkv_bias: bool | None = None
    attention_bias: bool | None = None
    mlp_bias: bool | None = None
    tie_word_embeddings: bool

    def configuration(self) -> dict[str, Any]:
        """What is given, under the library's names."""
        return self.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _heads_fit(self) -> "Shape":
        for whole, part in (
            ("hidden_size", "num_attention_heads"),
            ("num_attention_heads", "num_key_value_heads"),
        ):
            if getattr(self, whole) % getattr(self, part):
                raise ValueError(f"{whole} {getattr(self, whole)} has to be a multiple of {part} {getattr(self, part)}")
        if (self.model_type, self.head_dim is None) in (("gemma3_text", True), ("stablelm", False)):
            raise ValueError("want a head_dim for gemma3_text, whose heads have any width, and none for stablelm")
        width = self.head_dim or self.hidden_size // self.num_attention_heads
        if width % 2:
            raise ValueError(f"a head is {width} wide, but its dimensions are rotated in pairs: want an even head_dim")
        return self
