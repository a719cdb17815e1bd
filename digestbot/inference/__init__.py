"""Local models behind one worker: the only room that knows torch, transformers and ctranslate2."""
