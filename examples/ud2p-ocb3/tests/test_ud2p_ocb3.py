import ud2p_ocb3

from ud2p.testing import CipherConformance


class TestAesOcb3(CipherConformance):
    """Everything that ud2p expects of a cipher."""

    info = ud2p_ocb3.ud2p_register_ciphers()[0]


def test_the_published_vectors():
    """RFC 7253, appendix A: 385 records of growing length come to this, for AES-256 and a tag of 128 bits."""
    cipher = ud2p_ocb3.AesOcb3(bytes(31) + bytes([128]))
    sealed = b""
    for number in range(128):
        text = bytes(number)
        sealed += cipher.seal(3 * number + 1, text, text)
        sealed += cipher.seal(3 * number + 2, text, b"")
        sealed += cipher.seal(3 * number + 3, b"", text)
    assert cipher.seal(385, b"", sealed).hex().upper() == "D90EB8E9C977C88B79DD793D7FFA161C"
