"""
Real data, small enough to come with the library; LICENSES.md says from where.

`datasets()` lists what there is. Each function that reads a set checks the file's checksum first,
and nothing is ever downloaded.
"""
from bpttlib.data.catalogue import Catalogue, Dataset, datasets
from bpttlib.data.conversation import Conversations, conversations
from bpttlib.data.language import Characters, characters, next_character
from bpttlib.data.series import (
    SeaTemperature,
    Sunspots,
    one_step_ahead,
    sea_temperature,
    sunspots,
)
from bpttlib.data.speech import Utterances, japanese_vowels

__all__ = ["Catalogue", "Characters", "Conversations", "Dataset", "SeaTemperature", "Sunspots",
           "Utterances", "characters", "conversations", "datasets", "japanese_vowels",
           "next_character", "one_step_ahead", "sea_temperature", "sunspots"]
