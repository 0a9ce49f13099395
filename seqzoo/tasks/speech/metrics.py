"""Error rates of transcripts."""

import jiwer


def error_rates(references, outputs):
    """Returns the character and the word error rate of outputs: edits over the length of the references, of all together."""
    return {"character_error_rate": jiwer.cer(references, outputs), "word_error_rate": jiwer.wer(references, outputs)}
