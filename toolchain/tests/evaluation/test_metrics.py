"""Metrics of one answer: identities, bounds and symmetries."""

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolchain.errors import ToolchainError
from toolchain.evaluation.metrics import LinguaDetector, answer_metrics, detector_for, names_in
from toolchain.overlap import words
from toolchain.tests.strategies import texts
from toolchain.text import Message

ROUGE = ("rouge_1", "rouge_2", "rouge_l", "weighted_rouge", "weighted_rouge_paper")
plain = st.text("abcdefgh", min_size=1, max_size=5)
sentences = st.lists(plain, min_size=3, max_size=10).map(" ".join)
numbers = st.integers(0, 99_999).map(str)
names = plain.map(str.capitalize).filter(lambda name: len(name) > 1)


class Always:
    """A detector that knows one language only."""

    def __init__(self, language: str | None) -> None:
        self.language = language

    def detect(self, text: str) -> str | None:
        return self.language


def _metrics(answer: str, reference: str, source: str = "source") -> dict[str, float]:
    return answer_metrics(answer, reference, source, set(), "es", Always("es"))


@given(sentences)
def test_the_reference_itself_is_perfect(reference: str) -> None:
    measured = _metrics(reference, reference, source=reference)
    for metric, value in measured.items():
        assert value == pytest.approx(1), metric


@given(texts, texts, texts)
def test_every_metric_lies_between_zero_and_one(answer: str, reference: str, source: str) -> None:
    for metric, value in _metrics(answer, reference, source).items():
        assert 0 <= value <= 1 + 1e-9, metric


@given(sentences, sentences)
def test_rouge_is_symmetric(answer: str, reference: str) -> None:
    one, other = _metrics(answer, reference), _metrics(reference, answer)
    for metric in (*ROUGE, "rouge_l_paper"):
        assert one[metric] == pytest.approx(other[metric]), metric


@given(sentences, st.lists(st.text("xyz", min_size=1), min_size=1).map(" ".join))
def test_no_common_word_is_worth_nothing(answer: str, reference: str) -> None:
    measured = _metrics(answer, reference)
    assert all(measured[metric] == 0 for metric in ROUGE)


@given(sentences)
def test_an_empty_answer_is_worth_nothing(reference: str) -> None:
    measured = _metrics("", reference)
    assert all(measured[metric] == 0 for metric in (*ROUGE, "chrf", "language", "copy_rate"))


@given(sentences, sentences)
def test_weighted_rouge_lies_within_what_it_weighs(answer: str, reference: str) -> None:
    # R1/6 + R2/3 + R3/2, and there are never more common n-grams than common words.
    measured = _metrics(answer, reference)
    first_two = measured["rouge_1"] / 6 + measured["rouge_2"] / 3
    assert first_two - 1e-9 <= measured["weighted_rouge"] <= first_two + measured["rouge_1"] / 2 + 1e-9


@pytest.mark.parametrize(("reference", "most"), [("one", 1 / 6), ("one two", 1 / 2), ("one two three", 1)])
def test_weighted_rouge_wants_pairs_and_triples(reference: str, most: float) -> None:
    assert _metrics(reference, reference)["weighted_rouge"] == pytest.approx(most)


@given(sentences)
def test_capitals_do_not_count(sentence: str) -> None:
    measured = _metrics(sentence.upper(), sentence, source=sentence)
    assert {measured[metric] for metric in ("rouge_1", "rouge_1_paper", "copy_rate")} == {1}


@given(st.text("áéíóúñüçœß", min_size=2, max_size=6))
def test_accented_words_are_words(word: str) -> None:
    assume(len({*word, *word.upper().lower()}) == len(set(word)))
    assert _metrics(word, word)["rouge_1"] == 1
    assert _metrics(f"{word}a", f"{word}o")["rouge_1"] == 0
    assert _metrics(f"{word}a", f"{word}a")["rouge_1_paper"] == 1
    # The paper's tokenizer sees only the plain letter of each.
    assert _metrics(f"{word[0]}a", f"{word[1]}a")["rouge_1_paper"] == 1


def test_only_the_papers_tokenizer_takes_words_of_one_stem_for_the_same() -> None:
    measured = _metrics("walking", "walked")
    assert (measured["rouge_1"], measured["rouge_1_paper"]) == (0, 1)


@pytest.mark.parametrize("word", ["हिन्दी", "বাংলা", "שָׁלוֹם", "g̃uarani", "ශ්‍රී", "می‌رود"])
def test_a_mark_or_a_joiner_stays_with_its_letter(word: str) -> None:
    assert words(f"{word}, {word}2 😀{word}") == [word, f"{word}2", word]


def test_words_that_differ_in_a_mark_differ() -> None:
    assert _metrics("की", "का")["rouge_1"] == 0


@pytest.mark.parametrize(
    "text", ["会議は三時に始まります", "コーヒー", "ราคาห้าบาท", "ລາຄາຫ້າກີບ", "តម្លៃប្រាំរៀល", "စျေးငါးကျပ်"]
)
def test_where_no_spaces_are_written_each_letter_is_a_word(text: str) -> None:
    letters = words(text)
    assert "".join(letters) == text
    assert all(unicodedata.category(mark)[0] == "M" for letter in letters for mark in letter[1:])
    measured = _metrics("".join(letters[:-1]), text, source=text)
    shared = 2 * (len(letters) - 1) / (2 * len(letters) - 1)
    assert (measured["rouge_1"], measured["rouge_l"]) == pytest.approx((shared, shared))
    assert measured["copy_rate"] == _metrics(text, text)["weighted_rouge"] == pytest.approx(1)
    assert words(f"Ana{text}10") == ["Ana", *letters, "10"]


before_thai = st.characters(max_codepoint=0x0DFF, exclude_categories=("M", "Cn"))


@given(st.lists(st.sampled_from(["❤️", "1️⃣", "👩‍💻", "½", " "]) | before_thai).map("".join))
def test_other_text_is_cut_as_it_was_for_the_committed_results(text: str) -> None:
    assert words(text) == re.findall(r"\w+", text)


@given(st.lists(numbers, min_size=1, max_size=4, unique=True), st.data())
def test_numbers_kept_is_the_share_of_the_references_numbers(reference: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(reference), unique=True))
    measured = _metrics(" and ".join(kept), " or ".join(reference))
    assert measured["numbers_kept"] == pytest.approx(len(kept) / len(reference))


def test_a_number_with_its_separators_is_one_and_is_compared_as_it_is_written() -> None:
    assert _metrics("1.200 at 3:30, or 30", "1,200 at 3:30")["numbers_kept"] == 0.5
    assert _metrics("112 at 12.5", "12")["numbers_kept"] == 0


@given(sentences, texts)
def test_where_there_is_no_number_or_name_to_keep_nothing_is_said(reference: str, answer: str) -> None:
    assert not _metrics(answer, reference).keys() & {"numbers_kept", "names_kept"}


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.data())
def test_names_kept_is_the_share_of_the_references_names(named: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(named), unique=True))
    answer, reference = " y ".join(kept), " or ".join([*named, named[0]])
    measured = answer_metrics(answer, reference, "source", {*named, "Nobody"}, "es", Always("es"))
    assert measured["names_kept"] == pytest.approx(len(kept) / len(named))


@given(st.lists(names, min_size=2, max_size=2, unique=True), names)
def test_speakers_and_capitals_inside_a_sentence_are_names(speakers: list[str], place: str) -> None:
    messages = [Message(speakers[0], f"Meet me in {place}. Tomorrow?"), Message(speakers[1], "No, I am out.")]
    assert names_in(messages) == {*speakers, place}


def test_names_may_begin_with_any_capital() -> None:
    message = Message("Ana", "I met Élodie and Łukasz, Ángel too. Émile was out, and so was NATO Ines")
    assert names_in([message]) == {"Ana", "Élodie", "Łukasz", "Ángel", "NATO"}


def test_a_speaker_that_is_described_is_no_name() -> None:
    spoken = [Message("the manager", "Hi"), Message("ana", "Hi"), Message("Uncle ben", "Hi")]
    assert names_in(spoken) == {"ana", "Uncle"}


@given(st.lists(st.sampled_from(["niño", "mañana", "Begoña", "más", "3"]), min_size=3), st.data())
def test_an_accent_may_be_written_in_two_ways(said: list[str], data: st.DataObject) -> None:
    def written(text: str) -> str:
        return unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), text)

    text = " ".join(said)
    named = {"Begoña"} if "Begoña" in said else set()
    measured = answer_metrics(written(text), written(text), written(text), {"Begoña"}, "es", Always("es"))
    assert all(value == pytest.approx(1) for value in measured.values())
    assert ("names_kept" in measured) == bool(named)
    assert names_in([Message("Ana", written("I met Begoña"))]) == {"Ana", "Begoña"}


@given(st.lists(plain, min_size=1, max_size=6), st.lists(st.text("xyz", min_size=1), max_size=6))
def test_copy_rate_is_the_share_of_words_from_the_source(copied: list[str], own: list[str]) -> None:
    measured = _metrics(" ".join(copied + own), "reference", source=" ".join(copied))
    assert measured["copy_rate"] == pytest.approx(len(copied) / (len(copied) + len(own)))


@pytest.mark.parametrize(("found", "expected"), [("es", 1.0), ("en", 0.0), (None, 0.0)])
def test_the_language_is_right_or_not(found: str | None, expected: float) -> None:
    assert answer_metrics("hola", "hola", "hello", set(), "es", Always(found))["language"] == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Ana comes at three and brings the keys to the office."),
        ("es", "Ana llega a las tres y trae las llaves de la oficina."),
        ("fr", "Ana arrive à trois heures et apporte les clés du bureau."),
        ("de", "Ana kommt um drei und bringt die Schlüssel für das Büro mit."),
    ],
)
def test_languages_are_told_apart(language: str, text: str) -> None:
    assert LinguaDetector().detect(text) == language


def test_nothing_is_in_no_language() -> None:
    assert LinguaDetector().detect("12:30 … 7") is None


@pytest.mark.parametrize(("tag", "why"), [("gl", "lingua does not know .*'gl'"), ("pl", "'pl' .*LinguaDetector")])
def test_a_language_that_cannot_be_told_is_refused_and_leaves_the_others_alone(tag: str, why: str) -> None:
    with pytest.raises(ToolchainError, match=why):
        detector_for(tag)
    listed = LinguaDetector(("en", "es", tag))
    assert listed.detect("Ana llega a las tres y trae las llaves de la oficina.") == "es"
