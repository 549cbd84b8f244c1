import pytest

from pipeline.checks import devices
from pipeline.checks.devices import Here, Seen, check_devices, judged

FOLDERS = ("/env/nvidia/cublas/lib", "/env/nvidia/cudnn/lib")
CPU = Seen(kinds=("CPU",))


def found(seen=CPU, gpus=0, libraries=(), **environment):
    return list(judged(seen, Here(gpus=gpus, libraries=libraries, environment=environment)))


def test_tensorflow_is_asked_for_its_devices():
    first, *_ = check_devices()
    assert (first.subject, first.level) == ("devices", "ok")
    assert first.text.startswith("TensorFlow sees 1 CPU")


def test_a_tensorflow_that_does_not_start_is_told(monkeypatch):
    monkeypatch.setattr(devices, "PROGRAM", "import nothing_of_this_name")
    (only,) = check_devices()
    assert (only.level, only.text) == ("warning", "TensorFlow doesn't say which devices it sees.")


def test_what_is_seen_is_named_and_asks_for_nothing():
    (only,) = found(Seen(kinds=("CPU", "GPU", "GPU"), names=("NVIDIA H100 80GB HBM3",)), gpus=2)
    assert (only.level, only.text) == ("ok", "TensorFlow sees 1 CPU, 2 GPU (NVIDIA H100 80GB HBM3)")
    assert [each.text for each in found()] == ["TensorFlow sees 1 CPU"]


@pytest.mark.parametrize(
    ("seen", "libraries", "environment", "why", "cure"),
    [
        (CPU, FOLDERS, {"CUDA_VISIBLE_DEVICES": "-1"}, "hides it", "Unset"),
        (Seen(kinds=("CPU",), cuda=False), FOLDERS, {}, "built without CUDA", "tensorflow[and-cuda]==2."),
        (CPU, (), {}, "aren't installed beside it", "tensorflow[and-cuda]==2."),
        (CPU, FOLDERS, {}, "tensorflow#63362", f'export LD_LIBRARY_PATH="{":".join(FOLDERS)}:$LD_LIBRARY_PATH"'),
        (CPU, FOLDERS, {"LD_LIBRARY_PATH": FOLDERS[0]}, "tensorflow#63362", FOLDERS[1]),
        (CPU, FOLDERS, {"LD_LIBRARY_PATH": ":".join(FOLDERS)}, "doesn't see.", "nvidia-smi"),
    ],
)
def test_a_gpu_that_is_not_seen_has_its_reason_and_cure(seen, libraries, environment, why, cure):
    first, second = found(seen, 1, libraries, **environment)
    assert first.text == "TensorFlow sees 1 CPU"
    assert second.level == "warning"
    assert why in second.text
    assert cure in second.cure


@pytest.mark.parametrize(
    ("environment", "level", "text"),
    [
        ({"TPU_WORKER_ID": "0", "TPU_ACCELERATOR_TYPE": "v3-8"}, "warning", "looks like a TPU of this machine"),
        (
            {"TPU_NAME": "local"},
            "warning",
            "TPU_NAME=local looks like a TPU of this machine, and TensorFlow sees none.",
        ),
        ({"COLAB_TPU_ADDR": "10.0.0.2:8470"}, "ok", "names a TPU of another machine, which isn't asked"),
        ({"TPU_CONFIG": "{"}, "warning", "TPU_CONFIG={ names no TPU: "),
    ],
)
def test_the_environment_of_a_tpu_is_told(environment, level, text):
    first, second = found(**environment)
    assert first.level == "ok"
    assert second.level == level
    assert text in second.text


def test_a_tpu_that_is_seen_needs_nothing():
    (only,) = found(Seen(kinds=("CPU", "TPU_SYSTEM", *["TPU"] * 8)), TPU_NAME="local")
    assert only.text == "TensorFlow sees 1 CPU, 8 TPU"
