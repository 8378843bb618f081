"""A seeded generator of small English stories.

The example models are trained on these stories only.  The grammar is narrow
enough for a model below one million parameters to become fluent in it, and
wide enough that a damaged model shows: a story keeps referring back to names,
colours, places and counts which were chosen at random near its beginning, so a
model that predicts it well has to look back and copy.

Every sentence is a pattern with two kinds of markup:

    [one|another|]   pick one alternative (they nest; an empty one is allowed)
    {slot}           the value drawn for this story; {Slot} is the same value
                     with its first letter in upper case

Run as a program it prints stories:  python3 stories.py --seed 1 --count 5
"""

import argparse
import random
import re
from collections import namedtuple

# --- the words a story is filled with ---------------------------------------

GIRLS = ("Lily", "Mia", "Anna", "Sara", "Ella", "Rosa", "Nina", "Emma", "Zoë")
BOYS = ("Tom", "Ben", "Max", "Sam", "Leo", "Jack", "Tim", "Finn", "René")
PETS = ("Pip", "Coco", "Milo", "Bella", "Rusty", "Daisy")
PET_KINDS = ("fox", "bear", "rabbit", "mouse", "duck", "squirrel")

TRAITS = ("kind", "brave", "shy", "curious", "happy", "clever", "funny", "quiet")
SIZES = ("little", "small", "big", "old", "new")
AGES = ("little", "small", "young")
COLOURS = ("red", "blue", "green", "yellow", "pink", "white", "black", "orange")
TOYS = (
    "ball", "kite", "boat", "doll", "car", "drum", "book",
    "hat", "cup", "robot", "train", "bell", "key", "umbrella",
)
PLACES = ("park", "garden", "forest", "beach", "farm", "river", "hill", "lake", "café")
INDOORS = (
    "under the bed", "behind the door", "on the chair", "in the basket",
    "under the table", "in the box", "next to the window",
)
OUTDOORS = (
    "in the tall grass", "next to the old tree", "under a big leaf",
    "behind the fence", "between two rocks", "near the gate", "behind the house",
)
ANYWHERE = INDOORS + OUTDOORS
ANIMALS = {
    "cat": "meow", "dog": "woof", "bird": "tweet", "frog": "ribbit",
    "duck": "quack", "sheep": "baa", "cow": "moo", "owl": "hoot",
}
FOODS = ("cake", "soup", "bread", "pie", "jam", "salad", "pizza")
FRUITS = ("apples", "berries", "carrots", "nuts", "pears", "oranges")
PLANTS = ("flower", "tree", "pumpkin", "rose", "sunflower")
NUMBERS = ("two", "three", "four", "five", "six")
COUNTS = {
    "two": "One, two",
    "three": "One, two, three",
    "four": "One, two, three, four",
    "five": "One, two, three, four, five",
    "six": "One, two, three, four, five, six",
}
ADULTS = (("mom", "she"), ("dad", "he"), ("grandma", "she"), ("grandpa", "he"))
BONDS = {
    "friend": ("were best friends", "were good friends", "played every day"),
    "adult": ("told this story many times", "laughed about it every day"),
}

# --- sentences shared by all stories ----------------------------------------

OPENINGS = (
    "Once upon a time, there was a {trait} {kind} named {hero}.",
    "Once upon a time, there was a {age} {kind} named {hero}. {They} was very {trait}.",
    "Once upon a time, in a small house near the {place}, there lived a {kind} named {hero}.",
    "There once was a {trait} {kind} named {hero}.",
    "{Hero} was a {trait} {kind} who lived near the {place}.",
    "One day, a {trait} {kind} named {hero} [went|walked|ran] to the {place}.",
)

ENDINGS = (
    "{Hero} [was very happy|smiled|was so happy]. The end.",
    "From that day on, {hero} and {companion} {bond}.",
    "They [laughed|danced|sang|played] together for a long time.",
    "That night, {hero} went to sleep with a big smile.",
    "{Hero} learned that it is good to {lesson}.",
    "{Hero} gave {companion} a big hug. They were both very [happy|proud].",
    "And they all lived happily ever after.",
    "[Then|Later], they ate {food} together.",
)

# --- the plots ----------------------------------------------------------------

# Each plot has the lesson it may end with, who the ending is shared with, where
# its things can be, and its sentences in order.  A sentence that is a single line
# break is where a story in two paragraphs is divided.

Plot = namedtuple("Plot", "lesson companion spots sentences")

LOST_TOY = Plot(
    "look for help",
    "friend",
    ANYWHERE,
    (
        "{They} had a [{size} |]{colour} {toy}.",
        "[It was {their} favorite toy.|{Hero} loved the {toy} very much.|{They} took it everywhere.]",
        "\n",
        "One [day|morning|afternoon], {hero} could not find the {toy}.",
        "[{They} looked {spot1}, but it was not there.|{They} looked {spot1}, "
        "but there was only a {colour2} {toy2}.|]",
        "[{Hero} was very sad.|{Hero} began to cry.|{They} felt sad.]",
        '"What is wrong?" asked {friend}.',
        '"I [lost|can\'t find] my {colour} {toy}," said {hero}.',
        '"[Don\'t cry|Don\'t worry|Do not be sad]," said {friend}. '
        '"[I will help you|We can look for it together|Let\'s look {spot2}]."',
        "They looked {spot2} and {spot3}.",
        "[At last|Then|Soon], {friend} saw something {colour} {spot4}. It was the {toy}!",
        '"Thank you, {friend}!" said {hero}.',
    ),
)

SHARING = Plot(
    "share",
    "friend",
    OUTDOORS,
    (
        "[One day|One sunny day|In the morning], {hero} was playing with a {colour} {toy} "
        "[at|near] the {place}.",
        "{Friend} came and saw the {toy}.",
        '"[Can I play with your {toy}|May I play too]?" asked {friend}.',
        '"No! It is my {toy}," said {hero}.',
        "{Friend} was sad and [walked away|sat down {spot1}|went home].",
        "\n",
        "{Hero} played alone, but it was not [fun|fun at all].",
        "{They} thought about {friend} and felt [bad|sorry].",
        'So {they} [ran to|went to|found] {friend} and said, "I am sorry. '
        '[We can share the {toy}|You can play with my {toy}|Let\'s play together]."',
        '[{Friend} smiled. "Thank you, {hero}!"|"Thank you!" said {friend}. "You are very kind."]',
        "They played with the {colour} {toy} all [day|afternoon|morning].",
    ),
)

STUCK_ANIMAL = Plot(
    "help others",
    "adult",
    ANYWHERE,
    (
        "One day, {hero} [heard a sound|heard something] {spot1}.",
        '"{Noise}, {noise}!" It was a [{size} |]{colour} {animal}.',
        "[The {animal} was stuck and could not get out.|The {animal} was hurt and could not walk.|"
        "The {animal} was lost and very hungry.]",
        '"[Don\'t worry|Do not be afraid], little {animal}," said {hero}. "I will help you."',
        "{Hero} ran home to get {adult}.",
        '"{Adult}, [come quick|please come]! There is a {animal} {spot1}!"',
        "\n",
        "{Adult} and {hero} [went back|ran back] to the {animal}.",
        "They [gave it some water|gave it some {fruit}|picked it up] and [took it home|made it warm].",
        '[The {animal} was happy. "{Noise}!" it said.|"{Noise}!" said the {animal}. It was happy again.]',
        '"[Can we keep it|Can it stay with us]?" asked {hero}. '
        '[{Adult} smiled and said, "Yes."|"Yes, we can," said {adult}.]',
        "[They named the {animal} {pet}.|{Hero} named it {pet}.]",
    ),
)

BAKING = Plot(
    "work together",
    "friend",
    INDOORS,
    (
        "[It was {friend_s} birthday.|Tomorrow was {friend_s} birthday.]",
        "{Hero} wanted to make [a gift|something nice] for {friend}.",
        '"[Let\'s make|We can make] {food}," said {adult}.',
        "They needed {number} {fruit} and some {thing}.",
        "{Hero} [looked {spot1} and found|went to the {place} to get] the {fruit}. "
        '"{Count}!" {they} counted.',
        "\n",
        "They mixed everything in a {size} {colour} bowl.",
        "[It smelled very good.|Soon, the {food} was ready.|{Hero} got {thing} on {their} nose, and {adult} laughed.]",
        "[Then|After that], {hero} took the {food} to {friend}.",
        '"[Happy birthday|Surprise], {friend}!" said {hero}. "I made {food} for you."',
        '"[Wow|Oh], [thank you|it is so good]!" said {friend}. "I love {food} with {fruit}!"',
    ),
)

NIGHT_NOISE = Plot(
    "be brave",
    "adult",
    INDOORS,
    (
        "One night, {hero} was in bed. [It was very dark.|The moon was in the sky.]",
        '{They} heard a [strange|loud|scary] noise {spot1}. "{Noise}! {Noise}!"',
        '"[Who is there|What is that]?" {they} asked, but no one answered.',
        "{Hero} was [scared|very scared]. {They} called {adult}.",
        '"{Adult}, there is a monster {spot1}!"',
        '"[Let\'s look together|Let us go and see|There are no monsters]," said {adult}.',
        "\n",
        "{Adult} took a {colour} [lamp|light] and held {hero_s} hand.",
        "They [looked|went to look] {spot1}. [Slowly, slowly... |]It was not a monster.",
        "It was only a {size} {animal}!",
        '"{Noise}," said the {animal}. {Hero} and {adult} laughed.',
        "[{Hero} was not scared anymore.|The {animal} went to sleep next to {hero}.]",
    ),
)

TRIP = Plot(
    "see new things",
    "adult",
    OUTDOORS,
    (
        "One [sunny|warm|cold] day, {hero} and {adult} went to the {place}.",
        "{They} took {their} {colour} {toy} and some {fruit}.",
        "At the {place}, they saw {number} {animals}.",
        '"{Count}!" counted {hero}. "There are {number} {animals}!"',
        "[The {animals} were hungry.|One of the {animals} came very close.|"
        'The {animals} said, "{Noise}, {noise}!"]',
        '"Can I give them my {fruit}?" asked {hero}. "Yes, you can," said {adult}.',
        "\n",
        "Then it [began|started] to rain. [They ran {spot1}.|They sat {spot1} and waited.|They got very wet.]",
        "[When the rain stopped, they saw a rainbow.|Soon, the sun came out again.]",
        '"[Look|See], it is {colour} like my {toy}!" said {hero}.',
        "{Adult} [smiled|laughed]. It was [a good day|the best day] at the {place}.",
    ),
)

BROKEN = Plot(
    "tell the truth",
    "adult",
    INDOORS,
    (
        "{Adult} had a {size} {colour} {toy}. [It was very old.|{Adult} loved it very much.]",
        "One day, {hero} was [running|jumping|dancing] in the house.",
        "Crash! The {toy} fell and broke.",
        "{Hero} was [scared|afraid]. {They} hid the {toy} {spot1}.",
        "\n",
        '[Later|In the evening], {adult} asked, "Where is my {colour} {toy}?"',
        "[{Hero} did not say anything.|{Hero} looked at the floor.|{Hero} wanted to run away.]",
        'Then {they} said, "I [broke it|broke your {toy}]. It is {spot1}. I am sorry."',
        "{Adult} [was not angry|gave {hero} a hug|looked sad, but then smiled]. "
        '"Thank you for telling [me|me the truth]," {a_they} said.',
        '"[We can fix it together|Let\'s fix it]." They fixed the {toy} with some glue and {colour2} paint.',
        "[Now it was {colour} and {colour2}.|The {toy} looked even better than before.]",
    ),
)

GARDEN = Plot(
    "wait and be patient",
    "friend",
    OUTDOORS,
    (
        "{Adult} gave {hero} {number} seeds.",
        '"[Put them in the ground|Plant them in the garden] and give them water," said {adult}.',
        "{Hero} planted the seeds {spot1}.",
        "Every [day|morning], {they} [gave them water|came to look]. But nothing happened.",
        '"Why [don\'t they grow|is there no {plant}]?" asked {hero}. "[Be patient|Wait a little]," said {adult}.',
        "\n",
        "[One day|After {number} days|Then one morning], {hero} saw something green {spot1}.",
        "It [grew and grew|grew bigger and bigger|grew taller than {hero}].",
        "[Soon|At last], it was a [big|beautiful] {colour} {plant}!",
        '"[Look|Come], {friend}! I have a {colour} {plant}!" said {hero}.',
        "{Friend} [was surprised|looked at the {plant}|came to see it]. "
        '"[It is beautiful|It is so big|I want one too]!" {f_they} said.',
    ),
)

RACE = Plot(
    "stop for a friend",
    "friend",
    OUTDOORS,
    (
        "{Hero} liked to run. [So did {friend}.|{Friend} liked to run too.]",
        '"Let\'s have a race to the {place}," said {friend}. "[Okay|Yes]!" said {hero}.',
        '"{Count}, go!" They ran very fast.',
        "{Friend} was [faster|in front]. But then {f_they} fell down {spot1}.",
        '"[Ouch|Oh no]! My {part} hurts," said {friend}.',
        "\n",
        "{Hero} [could win the race now|was almost at the {place}], but {they} stopped.",
        '"Are you okay, {friend}?" {they} asked.',
        "{Hero} [put some water on|looked at] {friend_s} {part} and helped {f_them} [up|to walk].",
        "They walked to the {place} together. [Nobody won the race, but it was fun.|They both won the race.]",
        '"You are a [good|true] friend, {hero}," said {friend}.',
    ),
)

HIDE_AND_SEEK = Plot(
    "play together",
    "friend",
    OUTDOORS,
    (
        "{Hero} and {friend} were [at|near] the {place}.",
        '"Let\'s play hide and seek," said {hero}. "[I will hide|You count first]."',
        '{Friend} closed {f_their} eyes. "{Count}! Here I come!"',
        "{F_they} looked {spot1}. No {hero}.",
        "{F_they} looked {spot2}. [There was only a {size} {animal}.|No {hero}.]",
        '"Where are you, {hero}?" called {friend}.',
        "\n",
        'Then the {animal} said, "{Noise}!" and {friend} heard a laugh {spot3}.',
        '"I found you!" said {friend}. {Hero} was {spot3} with a {colour} {toy} on {their} head!',
        "They [laughed and laughed|laughed so much]. [Then it was {hero_s} turn to count.|Now {hero} had to count.]",
    ),
)

PLOTS = (
    LOST_TOY, SHARING, STUCK_ANIMAL, BAKING, NIGHT_NOISE,
    TRIP, BROKEN, GARDEN, RACE, HIDE_AND_SEEK,
)

PRONOUNS = {
    "she": {"they": "she", "them": "her", "their": "her"},
    "he": {"they": "he", "them": "him", "their": "his"},
}


class Dice:
    """Random picks that depend on the seed alone.

    Only `random()` is used: its sequence is fixed by Python for a given seed,
    whereas `choice` and `sample` have changed between versions.
    """

    def __init__(self, seed):
        self._random = random.Random(seed).random

    def pick(self, items):
        return items[int(self._random() * len(items))]

    def pick_distinct(self, items, count):
        pool = list(items)
        return [pool.pop(int(self._random() * len(pool))) for _ in range(count)]

    def chance(self, probability):
        return self._random() < probability


def draw_slots(dice, plot):
    """Everything that stays the same throughout one story."""
    # A few names carry a letter outside ASCII.  They are drawn like any other
    # name, so that the tokenizers' byte fallback is part of what is learned.
    gender = dice.pick(("she", "he"))
    friend_gender = dice.pick(("she", "he"))
    if dice.chance(0.25):
        hero, kind = dice.pick(PETS), dice.pick(PET_KINDS)
    else:
        hero, kind = dice.pick(GIRLS if gender == "she" else BOYS), "girl" if gender == "she" else "boy"
    friend_names = [n for n in (GIRLS if friend_gender == "she" else BOYS) if n != hero]
    friend = dice.pick(friend_names)
    relation, adult_gender = dice.pick(ADULTS)
    toy, toy2 = dice.pick_distinct(TOYS, 2)
    colour, colour2 = dice.pick_distinct(COLOURS, 2)
    spots = dice.pick_distinct(plot.spots, 4)
    animal = dice.pick(tuple(ANIMALS))
    number = dice.pick(NUMBERS)
    return {
        "hero": hero,
        "hero_s": hero + "'s",
        "kind": kind,
        "friend": friend,
        "friend_s": friend + "'s",
        "adult": relation.capitalize(),
        "companion": friend if plot.companion == "friend" else relation.capitalize(),
        "bond": dice.pick(BONDS[plot.companion]),
        "trait": dice.pick(TRAITS),
        "size": dice.pick(SIZES),
        "age": dice.pick(AGES),
        "toy": toy,
        "toy2": toy2,
        "colour": colour,
        "colour2": colour2,
        "place": dice.pick(PLACES),
        "spot1": spots[0],
        "spot2": spots[1],
        "spot3": spots[2],
        "spot4": spots[3],
        "animal": animal,
        "animals": animal if animal == "sheep" else animal + "s",
        "noise": ANIMALS[animal],
        "pet": dice.pick([n for n in PETS if n != hero]),
        "food": dice.pick(FOODS),
        "fruit": dice.pick(FRUITS),
        "plant": dice.pick(PLANTS),
        "thing": dice.pick(("sugar", "milk", "butter", "honey")),
        "part": dice.pick(("knee", "foot", "leg", "arm")),
        "number": number,
        "count": COUNTS[number],
        "lesson": plot.lesson,
        **PRONOUNS[gender],
        **{"f_" + k: v for k, v in PRONOUNS[friend_gender].items()},
        **{"a_" + k: v for k, v in PRONOUNS[adult_gender].items()},
    }


INNERMOST_CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")


def expand(pattern, slots, dice):
    def fill(match):
        name = match.group(1)
        value = slots[name[0].lower() + name[1:]]
        return value[0].upper() + value[1:] if name[0].isupper() else value

    # Innermost first, one at a time: the order of the draws must not depend on
    # anything but the pattern.
    while INNERMOST_CHOICE.search(pattern):
        pattern = INNERMOST_CHOICE.sub(lambda m: dice.pick(m.group(1).split("|")), pattern, count=1)
    return SLOT.sub(fill, pattern)


def story(dice):
    """One story: an opening, a plot and an ending, mostly in one paragraph."""
    plot = dice.pick(PLOTS)
    slots = draw_slots(dice, plot)
    two_paragraphs = dice.chance(0.5)
    parts = [dice.pick(OPENINGS)]
    parts += [s for s in plot.sentences if s != "\n" or two_paragraphs]
    parts.append(dice.pick(ENDINGS))
    parts = [s if s == "\n" else expand(s, slots, dice) for s in parts]
    text = " ".join(p for p in parts if p).replace(" \n ", "\n")
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def stories(seed, count, exclude=frozenset()):
    """`count` different stories, none of which is in `exclude`."""
    dice = Dice(seed)
    found = {}
    while len(found) < count:
        text = story(dice)
        if text not in exclude:
            found.setdefault(text)
    return list(found)


def main():
    parser = argparse.ArgumentParser(description="Print generated stories.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3)
    options = parser.parse_args()
    print("\n\n".join(stories(options.seed, options.count)))


if __name__ == "__main__":
    main()
