"""The recipe end to end on tiny clips: what it writes, prints and refuses."""

import json

import av
import numpy as np
import pytest
from extent import full

from recipes import video
from seqzoo.data.examples import Examples
from seqzoo.datasets import hand_movements, moving_sprites
from seqzoo.recipe import main

TINY = ("--units", "4", "--features", "4", "--epochs", "1", "--batch-size", "8", "--frames", "4", "--size", "16")
NAME = "video"


def run(*arguments):
    main(video.RECIPE, list(map(str, arguments)))


def put(folder):
    for label in ("brighter", "darker"):
        (folder / "clips" / label).mkdir(parents=True)
        for i in range(8):
            levels = np.linspace(20 + 2 * i, 200, 6).astype(np.uint8)
            write(folder / "clips" / label / f"{i}.mp4", levels if label == "brighter" else levels[::-1])


def write(path, levels):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for level in levels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), level), format="rgb24")))
        container.mux(stream.encode())


def finish():
    run("--data", "clips", *TINY)


def test_a_run_has_metrics_beside_the_model_of_one_frame(trained):
    record = json.loads((trained / "metrics.json").read_text())
    assert set(record["baseline"]) == {"majority", "one frame alone"} and record["data"]["train"] == 12
    assert "np.zeros((4, *model.encoder.frame)" in (trained / "README.md").read_text()


def test_predict_prints_label_probability_and_file(trained, capsys):
    run("predict", "clips/darker/0.mp4", "clips/brighter/1.mp4")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[2] for line in lines] == ["clips/darker/0.mp4", "clips/brighter/1.mp4"]
    assert all(label in ("brighter", "darker") and 0 < float(p) < 1 for label, p, _ in lines)


def test_evaluate_and_inspect(trained, capsys):
    run("evaluate")
    assert "one frame alone" in capsys.readouterr().out
    run("inspect")
    assert {path.name for path in (trained / "pictures").iterdir()} == {"clips.png", "confusion.png", "curves.png"}


@full
def test_a_backbone_of_keras(here):
    run("--data", "clips", *TINY[:-1], "32", "--backbone", "MobileNetV2", "--backbone-weights", "None", "--out", "deep")
    assert json.loads((here / "deep/config.json").read_text())["backbone"] == "MobileNetV2"


def test_generated_clips_and_folds_of_curves(here, monkeypatch, capsys):
    monkeypatch.setattr(moving_sprites, "SIZES", {"train": 33, "validation": 11, "test": 11})
    run(*TINY, "--out", "sprites")
    assert "one frame alone" in capsys.readouterr().out
    rng = np.random.default_rng(0)
    curves = Examples([rng.normal(size=(45, 2)).astype("float32") for _ in range(24)], ["1", "2", "10"] * 8)
    monkeypatch.setattr(hand_movements, "read", lambda folder: curves)
    run("--data", "libras", "--folds", "2", *TINY)
    printed = capsys.readouterr().out
    assert "fold 2, gru" in printed and "nearest neighbour" in printed and "mean" in printed


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "none/"], "none: No such file or directory"),
        (["--data", "clips/darker"], "expected a folder of clips for each of two labels or more"),
        (["--backbone", "Nothing"], "--backbone: expected a name of keras.applications, such as MobileNetV2, got Nothing"),
        (["--frames", "0"], "--frames: expected an integer from 1, got 0"),
        (["predict", "none.mp4"], "none.mp4: No such file"),
    ],
)
def test_bad_input_gets_one_line(trained, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    error = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2 and error.startswith("error: ") and message in error


def test_a_damaged_clip_is_named_before_the_training(here, capsys):
    (here / "clips/darker/3.mp4").write_bytes(b"no video")
    with pytest.raises(SystemExit):
        run("--data", "clips", *TINY)
    assert "clips/darker/3.mp4: " in capsys.readouterr().err
    (here / "clips/still").mkdir()
    with pytest.raises(SystemExit):
        run("--data", "clips", *TINY)
    assert "clips/still: no clip of this label" in capsys.readouterr().err
