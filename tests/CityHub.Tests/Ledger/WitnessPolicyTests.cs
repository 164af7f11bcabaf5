using System.Globalization;
using System.Text;
using CityHub.Ledger;
using CsCheck;

namespace CityHub.Tests.Ledger;

public sealed class WitnessPolicyTests
{
    private static readonly NoteSigner Log = LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1);
    private static readonly NoteSigner[] Depts = [.. Enumerable.Range(2, 6).Select(i => LedgerKeys.Signer($"dept{i}.example/w", NoteKeyType.Ed25519Cosignature, (byte)i))];
    private static readonly string Body = new Checkpoint("city.example/audit", 42, LedgerKeys.Secret(3)).Body;

    /// <summary>The example of c2sp.org/tlog-policy, with keys.</summary>
    private static readonly string Example = Filled(
        """
        log LOG https://city.example/log

        # the X
        witness X1 W0
        witness X2	W1
          witness X3 W2 https://w.example/
        group X-witnesses 2 X1 X2 X3

        witness Y1 W3
        witness Y2 W4
        witness Y3 W5
        group Y-witnesses any Y1 Y2 Y3

        group X-and-Y all X-witnesses Y-witnesses
        quorum X-and-Y

        """);

    private static string Filled(string text)
    {
        for (var i = 0; i < Depts.Length; i++)
            text = text.Replace($"W{i}", Depts[i].Verifier.ToString(), StringComparison.Ordinal);
        return text.Replace("LOG", Log.Verifier.ToString(), StringComparison.Ordinal);
    }

    private static SignedNote Signed(params int[] by) => SignedNote.Sign(Body, [Log, .. by.Select(i => Depts[i])]);

    [Fact]
    public void The_example_of_the_specification_asks_for_two_X_and_one_Y()
    {
        var policy = WitnessPolicy.Parse(Example);
        Assert.Equal("https://city.example/log", Assert.Single(policy.Logs).Url);
        Assert.Equal((6, 3, "X-and-Y"), (policy.Witnesses.Count, policy.Groups.Count, policy.Quorum));
        Assert.Equal("https://w.example/", policy.Witnesses[2].Url);
        var good = policy.Evaluate(Signed(0, 2, 4));
        Assert.True(good.Accepted, good.Why);
        Assert.Equal(["X1", "X3", "Y2"], good.Cosignatures.Select(one => one.Witness));
        Assert.All(good.Cosignatures, one => Assert.Equal(LedgerKeys.Start.ToUnixTimeSeconds(), one.Time));
        Assert.Equal(42, good.Checkpoint?.Size);

        var missing = policy.Evaluate(Signed(0, 4));
        Assert.False(missing.Accepted);
        Assert.Equal(
            "The quorum is not met: X-and-Y has 1 of the 2 that it needs (X-witnesses has 1 of the 2 that it needs (X2 has not cosigned; X3 has not cosigned)).",
            missing.Why);
        Assert.Equal(42, missing.Checkpoint?.Size); // signed by the log, only not witnessed enough
    }

    [Fact]
    public void Every_subset_of_witnesses_meets_the_quorum_exactly_when_the_rule_says_so()
    {
        var policy = WitnessPolicy.Parse(Example);
        for (var set = 0; set < 64; set++)
        {
            var names = policy.Witnesses.Where((_, i) => (set & 1 << i) != 0).Select(one => one.Name).ToHashSet();
            var expected = names.Count(name => name[0] == 'X') >= 2 && names.Any(name => name[0] == 'Y');
            Assert.Equal(expected, policy.IsMet(names));
        }
    }

    [Fact]
    public void A_checkpoint_that_no_known_log_has_signed_is_refused_however_many_witnesses_did()
    {
        var policy = WitnessPolicy.Parse(Example);
        Assert.Contains("None of the known keys", policy.Evaluate(SignedNote.Sign(Body, Depts)).Why, StringComparison.Ordinal);
        var stranger = LedgerKeys.Signer("other.example/log", NoteKeyType.Ed25519, 1);
        var elsewhere = SignedNote.Sign(new Checkpoint("other.example/log", 42, LedgerKeys.Secret(3)).Body, [stranger, .. Depts]);
        Assert.Contains("knows no log with the origin", policy.Evaluate(elsewhere).Why, StringComparison.Ordinal);

        // The right key under the origin of another log.
        var borrowed = SignedNote.Sign(new Checkpoint("other.example/log", 42, LedgerKeys.Secret(3)).Body, [Log, .. Depts]);
        Assert.False(policy.Evaluate(borrowed).Accepted);
        Assert.False(policy.Evaluate(SignedNote.Sign("no checkpoint\n", Log)).Accepted);
    }

    [Fact]
    public void A_witness_that_signs_twice_counts_once_and_a_bad_cosignature_refuses_the_checkpoint()
    {
        var policy = WitnessPolicy.Parse(Example);
        Assert.False(policy.Evaluate(Signed(0, 0, 0, 4)).Accepted);
        var bad = Depts[1].Sign(Body);
        bad.Bytes[20] ^= 1;
        Assert.Contains("not good", policy.Evaluate(Signed(0, 2, 4).With(bad)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Quorum_none_and_a_single_witness_are_quorums()
    {
        Assert.True(WitnessPolicy.Parse(Filled("log LOG\nquorum none\n")).Evaluate(Signed()).Accepted);
        var one = WitnessPolicy.Parse(Filled("log LOG\nwitness a W0\nwitness b W1\nquorum b\n"));
        Assert.True(one.Evaluate(Signed(1)).Accepted);
        Assert.Equal("The quorum is not met: b has not cosigned.", one.Evaluate(Signed(0)).Why);
    }

    [Fact]
    public void The_word_of_an_SM2_witness_does_not_count_for_a_tree_of_SHA_256()
    {
        var gm = LedgerKeys.Signer("gm.example/w", NoteKeyType.Sm2Cosignature, 9);
        var policy = WitnessPolicy.Parse(Filled($"log LOG\nwitness a {gm.Verifier}\nquorum a\n"));
        Assert.False(policy.Evaluate(SignedNote.Sign(Body, Log, gm)).Accepted);
        var tree = LedgerKeys.Signer("city.example/audit/sm3", NoteKeyType.Sm2, 8);
        policy = WitnessPolicy.Parse($"log {tree.Verifier}\nwitness a {gm.Verifier}\nquorum a\n");
        var verdict = policy.Evaluate(SignedNote.Sign(new Checkpoint("city.example/audit/sm3", 1, LedgerKeys.Secret(1)).Body, tree, gm));
        Assert.True(verdict.Accepted, verdict.Why);
        Assert.Equal("SM3", verdict.Log?.Hash.Name, ignoreCase: true);
    }

    [Fact]
    public void Names_are_octets_and_thirty_two_of_everything_are_read()
    {
        var kelvin = WitnessPolicy.Parse(Filled("witness \u212a W0\nwitness K W1\nquorum \u212a\n"));
        Assert.True(kelvin.IsMet(new HashSet<string> { "\u212a" }));
        Assert.False(kelvin.IsMet(new HashSet<string> { "K" }));
        Assert.True(WitnessPolicy.TryParse([.. "witness "u8, 0xff, .. Encoding.UTF8.GetBytes(Filled(" W0\nquorum ")), 0xff, (byte)'\n'], out _, out _));

        var text = new StringBuilder();
        for (byte i = 0; i < 32; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"log {LedgerKeys.Signer($"l{i}", NoteKeyType.Ed25519, (byte)(100 + i)).Verifier}\n")
                .Append(CultureInfo.InvariantCulture, $"witness w{i} {LedgerKeys.Signer($"w{i}", NoteKeyType.Ed25519Cosignature, (byte)(140 + i)).Verifier}\n")
                .Append(CultureInfo.InvariantCulture, $"group g{i} all w{i}{(i > 0 ? $" g{i - 1}" : "")}\n");
        }

        var policy = WitnessPolicy.Parse(text.Append("quorum g31\n").ToString());
        Assert.Equal((32, 32, 32), (policy.Logs.Count, policy.Witnesses.Count, policy.Groups.Count));
        Assert.True(policy.IsMet(policy.Witnesses.Select(one => one.Name).ToHashSet()));
        Assert.False(policy.IsMet(policy.Witnesses.Skip(1).Select(one => one.Name).ToHashSet()));
    }

    [Theory]
    [InlineData("", 1, "quorum")]
    [InlineData("quorum none", 1, "newline")]
    [InlineData("log LOG\n", 2, "quorum")]
    [InlineData("log LOG\nlog LOG\nquorum none\n", 2, "same public key")]
    [InlineData("log\nquorum none\n", 1, "log VKEY")]
    [InlineData("log LOG a b\nquorum none\n", 1, "log VKEY")]
    [InlineData("log x+00000000+AAAA\nquorum none\n", 1, "key id")]
    [InlineData("witness a LOG\nquorum a\n", 1, "carry a time")]
    [InlineData("witness a W0\nwitness b W0\nquorum a\n", 2, "counts once")]
    [InlineData("witness a W0\nwitness a W1\nquorum a\n", 2, "taken")]
    [InlineData("witness none W0\nquorum none\n", 1, "none is taken")]
    [InlineData("witness a W0\ngroup none any a\nquorum none\n", 2, "none is taken")]
    [InlineData("witness a W0\ngroup a any a\nquorum a\n", 2, "taken")]
    [InlineData("witness a W0\ngroup g any none\nquorum g\n", 2, "not defined")]
    [InlineData("group g any a\nwitness a W0\nquorum g\n", 1, "not defined")]
    [InlineData("group g any g\nquorum g\n", 1, "not defined")]
    [InlineData("witness a W0\ngroup g any a a\nquorum g\n", 2, "nobody counts twice")]
    [InlineData("witness a W0\ngroup g any a\ngroup h any a\nquorum g\n", 3, "nobody counts twice")]
    [InlineData("witness a W0\ngroup g 0 a\nquorum g\n", 2, "1 to 1")]
    [InlineData("witness a W0\ngroup g 2 a\nquorum g\n", 2, "1 to 1")]
    [InlineData("witness a W0\ngroup g 01 a\nquorum g\n", 2, "1 to 1")]
    [InlineData("witness a W0\ngroup g any\nquorum g\n", 2, "MEMBER")]
    [InlineData("quorum a\nwitness a W0\n", 1, "not defined")]
    [InlineData("quorum none\nquorum none\n", 2, "quorum line above")]
    [InlineData("quorum none none\n", 1, "quorum NAME")]
    [InlineData("# fine\n\nQuorum none\n", 3, "none of log")]
    [InlineData("quorum none\r\n", 1, "0x0D")]
    [InlineData("quorum none\n#\u007f\n", 2, "0x7F")]
    public void What_is_wrong_is_refused_with_its_line(string text, int line, string because)
    {
        Assert.False(WitnessPolicy.TryParse(Encoding.UTF8.GetBytes(Filled(text)), out _, out var why));
        Assert.StartsWith($"Line {line} of the policy: ", why, StringComparison.Ordinal);
        Assert.Contains(because, why, StringComparison.Ordinal);
    }

    [Fact]
    public void Changed_policies_are_read_or_refused_with_a_line_and_nothing_is_thrown()
    {
        var random = new Random(7);
        var file = Encoding.UTF8.GetBytes(Filled("# a small one: reading a key costs more than all the rest\nwitness a W0\ngroup g any a\n\n\tgroup h 1 g\nquorum h\n"));
        for (var round = 0; round < 1000; round++)
        {
            if (!WitnessPolicy.TryParse(Mutations.Change(random, file), out _, out var why))
                Assert.StartsWith("Line ", why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_witness_more_never_turns_a_met_quorum_into_an_unmet_one() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 63], Gen.Int[0, 5]).Sample(
            (k, set, more) =>
            {
                var policy = WitnessPolicy.Parse(Filled($"witness a W0\nwitness b W1\nwitness c W2\nwitness d W3\nwitness e W4\nwitness f W5\ngroup g {k} a b c d e f\nquorum g\n"));
                HashSet<string> Names(int of) => policy.Witnesses.Where((_, i) => (of & 1 << i) != 0).Select(one => one.Name).ToHashSet();
                return !policy.IsMet(Names(set)) || policy.IsMet(Names(set | 1 << more));
            },
            iter: 100);
}
