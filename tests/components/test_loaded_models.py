import tensorflow as tf

from components.loaded_models import load_model


class Constant(tf.Module):
    def __init__(self, value):
        super().__init__()
        self.value = tf.Variable(value)

    @tf.function(input_signature=[])
    def answer(self):
        return {"value": self.value}


def value_of(model):
    return model.signatures["serving_default"]()["value"].numpy()


def save(value, folder):
    model = Constant(value)
    tf.saved_model.save(model, folder, signatures=model.answer)


def test_a_model_is_loaded_once_and_anew_where_it_was_written_anew(tmp_path):
    folder = str(tmp_path / "model")
    save(1.0, folder)

    first = load_model(folder)
    assert load_model(folder) is first
    assert value_of(first) == 1.0

    save(2.0, folder)
    assert value_of(load_model(folder)) == 2.0
