using System.Text;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger;

public sealed class SignedNoteTests
{
    /// <summary>The example of c2sp.org/signed-note.</summary>
    private const string ExampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    private const string Example =
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    private const string Poem =
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n" +
        "\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    private const string Head = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    public static TheoryData<NoteKeyType> AllTypes => [.. Enum.GetValues<NoteKeyType>()];

    [Fact]
    public void The_example_of_the_specification_is_good_and_each_changed_byte_of_it_is_not()
    {
        var bytes = Encoding.UTF8.GetBytes(Example);
        var key = VerifierKey.Parse(ExampleKey);
        Assert.Equal(ExampleKey, key.ToString());
        Assert.True(SignedNote.Parse(bytes).TryVerify([key], out var verified, out _));
        Assert.Equal("example.com/foo", Assert.Single(verified).Signature.Name);
        Assert.Null(verified[0].Time);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.False(SignedNote.TryParse(bytes, out var note, out var why) && note.TryVerify([key], out _, out why), $"byte {i}");
            Assert.NotEmpty(why ?? "");
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void The_text_may_have_empty_lines_and_ends_at_the_last_of_them()
    {
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(Poem));
        Assert.EndsWith("subito sera.\n", note.Text, StringComparison.Ordinal);
        Assert.Contains("\n\n", note.Text, StringComparison.Ordinal);
        Assert.Equal("quasimodo.example/salvatore", Assert.Single(note.Signatures).Name);
        Assert.Equal(0x367ba04bu, note.Signatures[0].KeyId);
        Assert.Equal(Poem, note.ToString());
    }

    [Theory]
    [MemberData(nameof(AllTypes))]
    public void A_key_of_each_type_signs_and_only_its_own_vkey_verifies(NoteKeyType type)
    {
        var signer = LedgerKeys.Signer("city.example/audit", type, 7);
        var note = SignedNote.Sign(Head, signer);
        var again = SignedNote.Parse(note.ToBytes());
        var key = VerifierKey.Parse(signer.Verifier.ToString());
        Assert.True(again.TryVerify([key], out var verified, out _));
        Assert.Equal(verified[0].Time.HasValue ? LedgerKeys.Start.ToUnixTimeSeconds() : null, verified[0].Time);
        Assert.Equal(type.ToString().EndsWith("Cosignature", StringComparison.Ordinal), verified[0].Time.HasValue);

        var renamed = LedgerKeys.Signer("city.example/other", type, 7);
        Assert.False(again.TryVerify([renamed.Verifier], out _, out var why));
        Assert.Contains("None of the known keys", why, StringComparison.Ordinal);
        Assert.False(again.TryVerify([LedgerKeys.Signer("city.example/audit", type, 8).Verifier], out _, out _));

        var otherText = new SignedNote(Head.Replace("20852163", "20852164", StringComparison.Ordinal), note.Signatures);
        Assert.False(otherText.TryVerify([key], out _, out why));
        Assert.Contains("not good", why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_of_a_cosignature_is_covered_by_its_signature_and_has_63_bits()
    {
        foreach (var type in new[] { NoteKeyType.Ed25519Cosignature, NoteKeyType.MlDsa44Cosignature, NoteKeyType.Sm2Cosignature })
        {
            var signer = LedgerKeys.Signer("w.example", type, 9);
            var signature = signer.Sign(Head);
            var text = Encoding.UTF8.GetBytes(Head);
            Assert.True(signer.Verifier.Verify(text, signature, out var time));
            Assert.Equal(LedgerKeys.Start.ToUnixTimeSeconds(), time);
            for (var i = 0; i < 8; i++)
            {
                var changed = (byte[])signature.Bytes.Clone();
                changed[i] ^= 0x80;
                Assert.False(signer.Verifier.Verify(text, signature with { Bytes = changed }, out _));
            }

            Assert.True(signer.Verifier.Verify(text, signer.Sign(Head, earliest: 4_000_000_000), out time));
            Assert.Equal(4_000_000_000, time);
        }
    }

    [Fact]
    public void The_message_of_an_ML_DSA_44_cosignature_is_the_struct_of_the_specification()
    {
        Assert.True(NoteMessage.TryMake(NoteKeyType.MlDsa44Cosignature, "w1", Encoding.UTF8.GetBytes("a/b\n258\n" + Convert.ToBase64String(LedgerKeys.Secret(0xab)) + "\n"), 0x0102, out var message, out _));
        Assert.Equal(
            "73756274726565" + "2f76310a00" + "02" + "7731" + "0000000000000102" + "03" + "612f62" + "0000000000000000" + "0000000000000102" + string.Concat(Enumerable.Repeat("ab", 32)),
            Convert.ToHexStringLower(message));
        Assert.False(NoteMessage.TryMake(NoteKeyType.MlDsa44Cosignature, "w1", "no checkpoint\n"u8, 1, out _, out var why));
        Assert.NotEmpty(why);
        Assert.False(NoteMessage.TryMake(NoteKeyType.MlDsa44Cosignature, new string('w', 256), Encoding.UTF8.GetBytes(Head), 1, out _, out _));
    }

    [Fact]
    public void The_message_of_an_Ed25519_cosignature_is_that_of_the_specification()
    {
        Assert.True(NoteMessage.TryMake(NoteKeyType.Ed25519Cosignature, "w", Encoding.UTF8.GetBytes(Head), 1679315147, out var message, out _));
        Assert.Equal("cosignature/v1\ntime 1679315147\n" + Head, Encoding.UTF8.GetString(message));
    }

    [Fact]
    public void A_signature_without_a_time_is_not_a_cosignature_of_the_same_key_bytes()
    {
        var plain = LedgerKeys.Signer("w.example", NoteKeyType.Ed25519, 1);
        var timed = LedgerKeys.Signer("w.example", NoteKeyType.Ed25519Cosignature, 1);
        Assert.NotEqual(plain.Verifier.KeyId, timed.Verifier.KeyId);
        Assert.False(SignedNote.Sign(Head, plain).TryVerify([timed.Verifier], out _, out _));
        Assert.False(timed.Verifier.Verify(Encoding.UTF8.GetBytes(Head), plain.Sign(Head) with { KeyId = timed.Verifier.KeyId }, out _));
    }

    [Fact]
    public void Signatures_of_strangers_are_passed_over_and_a_bad_one_of_a_known_key_refuses_the_note()
    {
        var known = LedgerKeys.Signer("log.example", NoteKeyType.Ed25519, 1);
        var strangers = Enumerable.Range(10, 15).Select(i => LedgerKeys.Signer($"s{i}.example", NoteKeyType.Ed25519, (byte)i).Sign(Head)).ToArray();
        var note = new SignedNote(Head, [.. strangers, known.Sign(Head)]);
        Assert.Equal(16, SignedNote.Parse(note.ToBytes()).Signatures.Count);
        Assert.True(note.TryVerify([known.Verifier], out _, out _));
        var sameIdOtherName = known.Sign("other\n") with { Name = "other.example" };
        Assert.True(note.With(sameIdOtherName).TryVerify([known.Verifier], out _, out _));
        Assert.False(note.With(known.Sign("other\n")).TryVerify([known.Verifier], out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA=")] // no newline at the end
    [InlineData("text\n\u2014 a AAAAAAA=\n")] // no empty line
    [InlineData("text\n\n- a AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a+b AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a\u3000b AAAAAAA=\n")]
    [InlineData("text\n\n\u2014  AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA\n")]
    [InlineData("text\n\n\u2014 a AAAAAAB=\n")] // bits behind the end
    [InlineData("text\n\n\u2014 a AAAA AAA=\n")]
    [InlineData("text\n\n\u2014 a AAAAAA==\n")] // a key id and nothing more
    [InlineData("te\txt\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("te\0xt\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("text\r\n\r\n\u2014 a AAAAAAA=\r\n")]
    public void What_is_not_a_note_is_refused_with_a_reason(string text)
    {
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out _, out var why));
        Assert.NotEmpty(why);
        Assert.Throws<FormatException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void What_is_not_UTF8_or_too_long_is_refused()
    {
        Assert.False(SignedNote.TryParse([0xff, .. Encoding.UTF8.GetBytes(Example)], out _, out _));
        Assert.False(SignedNote.TryParse(new byte[SignedNote.MaxBytes + 1], out _, out _));
        var many = "text\n\n" + string.Concat(Enumerable.Repeat("\u2014 a AAAAAAA=\n", SignedNote.MaxSignatures + 1));
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(many), out _, out _));
        Assert.Throws<ArgumentException>(() => new SignedNote("\ud800\n", [new NoteSignature("a", 0, [1])]));
    }

    [Theory]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")] // another id
    [InlineData("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")] // another name
    [InlineData("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l")]
    [InlineData("example.com/foo+530d903a")]
    [InlineData("")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void What_is_not_a_vkey_is_refused_with_a_reason(string vkey)
    {
        Assert.False(VerifierKey.TryParse(vkey, out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void A_key_of_another_algorithm_or_with_a_name_that_has_no_place_in_a_line_is_refused()
    {
        var key = LedgerKeys.Signer("a", NoteKeyType.Ed25519, 1).Verifier.Key;
        Assert.Throws<ArgumentException>(() => VerifierKey.Of("a", NoteKeyType.Sm2, key));
        foreach (var name in new[] { "", "a b", "a+b", "a\nb", "\ud800" })
            Assert.Throws<ArgumentException>(() => VerifierKey.Of(name, NoteKeyType.Ed25519, key));
    }
}
