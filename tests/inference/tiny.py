"""Tiny models with random weights, made in the test: the shape of BART and Llama, a few hundred kilobytes each."""

from pathlib import Path

CHAT = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def tokenizer(folder: Path, *, chat: bool = False) -> int:
    """Write a small word-piece tokenizer into ``folder`` and return how many tokens it has."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(["The ferry will close in June, the mayor said on Tuesday."] * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
    if chat:
        fast.chat_template = CHAT
    fast.save_pretrained(folder)
    return len(fast)


def bart(folder: Path, *, seed: int = 0) -> Path:
    """Write a random BART into ``folder``."""
    import torch  # noqa: PLC0415
    from transformers import BartConfig, BartForConditionalGeneration  # noqa: PLC0415

    torch.manual_seed(seed)
    config = BartConfig(
        vocab_size=tokenizer(folder),
        d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=256,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_bos_token_id=0,
        forced_eos_token_id=2,
    )  # fmt: skip
    BartForConditionalGeneration(config).save_pretrained(folder)
    return folder


def llama(folder: Path) -> Path:
    """Write a random Llama with a chat template into ``folder``."""
    import torch  # noqa: PLC0415
    from transformers import LlamaConfig, LlamaForCausalLM  # noqa: PLC0415

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=tokenizer(folder, chat=True),
        hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=512, bos_token_id=0, pad_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def judge(folder: Path, *labels: str) -> Path:
    """Write a random BERT that tells pairs of texts apart by ``labels`` into ``folder``."""
    import torch  # noqa: PLC0415
    from transformers import BertConfig, BertForSequenceClassification  # noqa: PLC0415

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer(folder),
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, max_position_embeddings=512,
        pad_token_id=1, id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder
