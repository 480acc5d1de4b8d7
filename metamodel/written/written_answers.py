"""Words of yes and no, as people and spreadsheets of many languages write them."""

from __future__ import annotations

_YES = """
yes y true t 1 on x ✓ ✔ ☑
ja j wahr oui o vrai sí si s verdadero sì vero v sim verdadeiro waar sand sann sant kyllä tosi tak
prawda ano pravda áno igen igaz da adevărat evet doğru ναι αληθής да истина так істина вярно
はい 是 예 네 真 참
"""
_NO = """
no n false f 0 off ✗ ✘ ☐
nein falsch non faux falso não nee onwaar nej falsk nei usann falskt ei epätosi nie fałsz ne
nepravda nem hamis nu fals hayır yanlış όχι ψευδής нет ложь ні хибність не невярно
いいえ 否 아니요 아니오 假 거짓
"""
YES, NO = (frozenset(word.casefold() for word in words.split()) for words in (_YES, _NO))


def answer_in(text: str) -> bool | None:
    """What a word says; None where it says neither."""
    word = text.strip().casefold()
    # Turkish writes its dotless ı as a plain capital I.
    forms = {word, word.replace("i\u0307", "i"), word.replace("i", "ı")}
    return True if forms & YES else False if forms & NO else None
