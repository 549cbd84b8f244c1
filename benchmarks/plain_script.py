"""Transfer learning as notebooks teach it, for `notebook_ratio.py`: two calls of `fit` on folders of photos.

    .venv/bin/python benchmarks/plain_script.py FOLDER WEIGHTS IMAGE_SIZE EPOCHS SEED

FOLDER has train/, validation/ and test/, each with a folder a class. The last line is the accuracy on test/.
"""

import sys

import tensorflow as tf
import tf_keras as keras

folder, weights, size, epochs, seed = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
keras.utils.set_random_seed(seed)


def photos(split: str) -> tf.data.Dataset:
    """Returns the photos of a split in batches of 32."""
    read = keras.utils.image_dataset_from_directory(
        f"{folder}/{split}", image_size=(size, size), shuffle=split == "train", seed=seed
    )
    return read.prefetch(tf.data.AUTOTUNE)


train, validation, test = photos("train"), photos("validation"), photos("test")

base = keras.applications.MobileNetV2(input_shape=(size, size, 3), include_top=False, weights=weights)
base.trainable = False
inputs = keras.Input((size, size, 3))
changed = keras.layers.RandomRotation(0.2)(keras.layers.RandomFlip("horizontal")(inputs))
features = base(keras.applications.mobilenet_v2.preprocess_input(changed), training=False)
pooled = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(features))
model = keras.Model(inputs, keras.layers.Dense(1)(pooled))
loss = keras.losses.BinaryCrossentropy(from_logits=True)

model.compile(keras.optimizers.Adam(1e-4), loss, [keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")])
model.fit(train, epochs=epochs, validation_data=validation, verbose=0)

base.trainable = True
for layer in base.layers[:100]:
    layer.trainable = False
model.compile(keras.optimizers.RMSprop(1e-5), loss, [keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")])
model.fit(train, epochs=2 * epochs, initial_epoch=epochs, validation_data=validation, verbose=0)

print(model.evaluate(test, verbose=0, return_dict=True)["accuracy"])
