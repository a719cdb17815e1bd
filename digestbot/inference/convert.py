"""Converts transformers weights to CTranslate2 int8, once, in a process of its own; knows no queue.

The conversion needs the full-precision weights in memory; done in a child process that memory is given back.
The result lies under ``cache_dir/ctranslate2/<model>-<revision>-<recipe>`` and is complete or absent: it is
written beside and renamed. Run as ``python -m digestbot.inference.convert SOURCE TARGET KIND``.
"""

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from digestbot.domain.errors import ModelMissing
from digestbot.inference.models import ModelFiles

Kind = Literal["encoder", "seq2seq", "chat"]
RECIPE = "int8-1"
"""Changes whenever the same weights would be converted differently: it is part of the cache's name."""
TOKENIZER = "tokenizer"
"""The folder in a conversion that holds the tokenizer, where it is not the model's own."""
TIMEOUT = 1800.0
"""Seconds a conversion may take."""


def converted(files: ModelFiles, cache_dir: Path, *, kind: Kind, required: bool = False) -> Path | None:
    """Return the folder of the converted model, converting it first if need be; None where that is impossible.

    Raises:
        ModelMissing: ``required`` and it cannot be converted.

    """
    label = re.sub(r"[^A-Za-z0-9.]+", "-", files.name).strip("-")[-60:]
    target = cache_dir / "ctranslate2" / f"{label}-{files.revision()}-{RECIPE}"
    if _is_whole(target):
        return target
    fault = _impossible(target) or _convert_aside(files, target, kind)
    if _is_whole(target):
        return target
    if required:
        raise ModelMissing(
            files.name, f"cannot be converted for CTranslate2: {fault}", hint="use its transformers form"
        )
    return None


def _is_whole(target: Path) -> bool:
    """Tell whether a finished conversion lies there."""
    return (target / "model.bin").is_file() and (target / "config.json").is_file()


def _impossible(target: Path) -> str:
    """Return why these libraries could not convert the model before, '' when they did not try: it takes a minute."""
    try:
        tried, _, fault = target.with_name(f"{target.name}.impossible").read_text("utf-8").partition("\n")
    except OSError:
        return ""
    return fault if tried == _libraries() else ""


def _libraries() -> str:
    """Return the versions of what converts."""
    return " ".join(f"{name} {version(name)}" for name in ("ctranslate2", "transformers"))


def _convert_aside(files: ModelFiles, target: Path, kind: Kind) -> str:
    """Convert in a child process into a folder beside ``target``, then rename; return what went wrong, or ''."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".converting-", dir=target.parent))
    except OSError as error:
        return str(error)
    try:
        command = [sys.executable, "-m", "digestbot.inference.convert", str(files.path), str(scratch / "out"), kind]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)  # noqa: S603  # our own module
        if done.returncode != 0:
            fault = done.stderr.strip().rpartition("\n")[2][:200]
            target.with_name(f"{target.name}.impossible").write_text(f"{_libraries()}\n{fault}", "utf-8")
            return fault
        if target.exists() and not _is_whole(target):
            shutil.rmtree(target)
        # Another process may have been quicker: its result is the same.
        with contextlib.suppress(OSError):
            (scratch / "out").rename(target)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return ""


def main(arguments: list[str]) -> int:
    """Convert one model: the child process's whole life."""
    source, target, _kind = arguments
    from ctranslate2.converters import TransformersConverter  # heavy

    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        folder = _unpacked_gguf(Path(source), scratch) if source.endswith(".gguf") else source
        mend_bart(stack)
        TransformersConverter(folder).convert(target, quantization="int8")
        if source.endswith(".gguf"):
            _keep_tokenizer(Path(folder), Path(target) / TOKENIZER)
    return 0


def _keep_tokenizer(folder: Path, target: Path) -> None:
    """Keep a GGUF model's tokenizer beside its conversion: out of the GGUF it takes half a minute to read."""
    target.mkdir()
    for path in (*folder.glob("tokenizer*"), *folder.glob("*.jinja"), *folder.glob("special_tokens_map.json")):
        shutil.copy(path, target)


def _unpacked_gguf(source: Path, scratch: str) -> str:
    """Write a GGUF model as transformers weights into ``scratch``, which the converter can read."""
    from transformers import AutoModelForCausalLM, AutoTokenizer  # heavy

    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(scratch)
    model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
    # The weights are plain numbers by now, but transformers still takes the model for quantized and would not save it.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(scratch)
    return scratch


def mend_bart(stack: contextlib.ExitStack) -> None:
    """Give BartConfig the two attributes CTranslate2's converter reads and transformers 5 no longer has.

    BART normalizes after each block and normalizes its embeddings (Lewis et al. 2020, fairseq's ``bart_large``);
    these were ``normalize_before=False`` and ``normalize_embedding=True`` in transformers 4.
    """
    from transformers import BartConfig  # heavy

    for name, value in (("normalize_before", False), ("normalize_embedding", True)):
        if not hasattr(BartConfig, name):
            setattr(BartConfig, name, value)
            stack.callback(delattr, BartConfig, name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
