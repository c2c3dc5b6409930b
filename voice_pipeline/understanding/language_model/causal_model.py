"""
A causal language model that continues a text within a JSON schema: `transformers` computes, `llguidance` constrains.

While it writes, each token is held to the schema, and tokens that the schema leaves no choice about are read in one
pass with the next, instead of being written one by one. What all texts begin with is read once and its attention state
kept.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Device = Literal['auto', 'cpu', 'cuda']
Check = Callable[[int], None]

_LIBRARIES = ('torch', 'transformers', 'llguidance')
_GGUF_LIBRARIES = ('gguf', 'accelerate')
_REQUEST = '\u2063request\u2063'  # stands where the request goes while the prompt is laid out
# No spaces between the parts: nothing to decide about them.
_COMPACT: Any = {'whitespace_flexible': False, 'item_separator': ',', 'key_separator': ':'}


class LanguageModelError(RuntimeError):
    """The libraries or the model are missing or cannot be used; the text says what to do."""


class CausalModel:
    """
    A model and its tokenizer, ready to answer. Made and used on one thread, whose computing threads it sets.

    `model`: the folder of a model, a GGUF file, or a name in the hub's cache on this machine; nothing is ever
    downloaded. On CUDA it computes in half precision, on a CPU in single precision. `system` and `examples` (request,
    answer) come before every request. Raises `LanguageModelError`.
    """

    def __init__(
        self, model: str, system: str, examples: tuple[tuple[str, str], ...], device: Device = 'auto', threads: int = 1
    ) -> None:
        _check_exists(model)
        _require(*_LIBRARIES, *(_GGUF_LIBRARIES if _is_gguf(model) else ()))
        import llguidance.hf
        import torch

        torch.set_num_threads(threads)
        self._tokenizer, self._model = _load(model, _device(device))
        self._vocabulary = llguidance.hf.from_tokenizer(self._tokenizer, n_vocab=self._model.config.vocab_size)
        before, self._after = _lay_out(self._tokenizer, system, examples)
        self._beginning = self._read(self._tokenize(before))

    def answer(self, request: str, schema: dict[str, Any], check: Check) -> str:
        """
        Return the likeliest answer, taken token by token, that the schema allows.

        `check` is called with the number of tokens written before each is computed, and may raise to end the work.
        """
        import llguidance
        import torch

        grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=_COMPACT)
        matcher = llguidance.LLMatcher(self._vocabulary, grammar)
        written = _forced(matcher)
        unread = self._tokenize(request + self._after) + written
        memory = copy.deepcopy(self._beginning)
        with torch.inference_mode():
            while not matcher.is_stopped():
                check(len(written))
                token = _likeliest(self._logits(unread, memory), matcher)
                matcher.consume_token(token)
                unread = [token, *_forced(matcher)]
                written = written + unread
        return str(self._tokenizer.decode(written, skip_special_tokens=True))

    def _tokenize(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)['input_ids'])

    def _read(self, tokens: list[int]) -> Any:
        """Return the attention state after these tokens."""
        import torch
        from transformers import DynamicCache

        memory = DynamicCache()
        with torch.inference_mode():
            # Without the head, which would compute the probabilities of all words after each of these.
            self._model.get_decoder()(input_ids=self._batch(tokens), past_key_values=memory, use_cache=True)
        return memory

    def _logits(self, tokens: list[int], memory: Any) -> NDArray[np.float32]:
        """Read the tokens, extending the memory; return the score of every token that could follow."""
        output = self._model(input_ids=self._batch(tokens), past_key_values=memory, use_cache=True)
        logits: NDArray[np.float32] = output.logits[0, -1:].float().cpu().numpy()
        return logits

    def _batch(self, tokens: list[int]) -> Any:
        import torch

        return torch.tensor([tokens], device=self._model.device)


def _require(*libraries: str) -> None:
    missing = ' '.join(name for name in libraries if find_spec(name) is None)
    if missing:
        raise LanguageModelError(f'the language model needs more libraries: pip install {missing}')


def _check_exists(model: str) -> None:
    is_path = _is_gguf(model) or model.startswith(('/', '.', '~'))
    if is_path and not Path(model).expanduser().exists():
        raise LanguageModelError(f'the language model {model} does not exist')


def _is_gguf(model: str) -> bool:
    return model.lower().endswith('.gguf')


def _device(device: Device) -> str:
    import torch

    if device == 'cuda' and not torch.cuda.is_available():
        raise LanguageModelError("device is cuda, but torch finds no CUDA device: set device to 'auto' or 'cpu'")
    return device if device != 'auto' else 'cuda' if torch.cuda.is_available() else 'cpu'


def _load(model: str, device: str) -> tuple[Any, Any]:
    """Return the tokenizer and the model."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    half = torch.bfloat16 if device == 'cuda' and torch.cuda.is_bf16_supported() else torch.float16
    dtype = half if device == 'cuda' else torch.float32
    path = Path(model).expanduser()
    source, options = (str(path.parent), {'gguf_file': path.name}) if _is_gguf(model) else (model, {})
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True, **options)
        network: Any = AutoModelForCausalLM.from_pretrained(source, local_files_only=True, dtype=dtype, **options)
    except (OSError, ValueError, ImportError) as error:
        hint = f'fetch it once with "hf download {model}"' if not path.exists() else 'is it a causal language model?'
        raise LanguageModelError(f"the language model '{model}' cannot be loaded ({hint}): {error}") from None
    return tokenizer, network.to(device).eval()


def _lay_out(tokenizer: Any, system: str, examples: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return what comes before and after a request, in the model's own chat form where it has one."""
    if not tokenizer.chat_template:
        shown = ''.join(f'Request: {request}\nAnswer: {answer}\n\n' for request, answer in examples)
        return f'{system}\n\n{shown}Request: ', '\nAnswer: '
    turns = [{'role': 'system', 'content': system}]
    for request, answer in (*examples, (_REQUEST, '')):
        turns.append({'role': 'user', 'content': request})
        turns.append({'role': 'assistant', 'content': answer})
    # Models that think aloud first are told not to; others do not look at that option.
    text = tokenizer.apply_chat_template(turns[:-1], tokenize=False, add_generation_prompt=True, enable_thinking=False)
    before, _, after = text.partition(_REQUEST)
    return before, after


def _forced(matcher: Any) -> list[int]:
    """Return the tokens that must come next, taken as written."""
    tokens: list[int] = matcher.compute_ff_tokens()
    matcher.consume_tokens(tokens)
    return tokens


def _likeliest(logits: NDArray[np.float32], matcher: Any) -> int:
    """Return the token of the highest score among those that may come next. `logits`: shape (1, tokens)."""
    from llguidance import numpy as masks

    mask = masks.allocate_token_bitmask(1, logits.shape[1])
    masks.fill_next_token_bitmask(matcher, mask)
    masks.apply_token_bitmask_inplace(logits, mask)
    return int(logits.argmax())
