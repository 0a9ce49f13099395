"""The examples run, and show what they say."""

import re

from examples import streaming


def test_a_stream_is_answered_as_the_whole_sequence_and_its_jump_is_marked(capsys):
    streaming.main()
    printed = capsys.readouterr().out
    assert re.search(r"t 150 .*<- unexpected", printed)
    assert float(re.search(r"whole sequence at once: (\S+)", printed)[1]) <= 1e-5
