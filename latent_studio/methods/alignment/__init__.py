"""Finding faces in photographs and cutting them out as the models know them."""
