using System.Text.Json;
using CityHub.Tests.Ledger.Evidence;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

public sealed class VerifyTests : IDisposable
{
    private static readonly EvidenceLog City = new(11);
    private readonly TestFolder _folder = new();

    public VerifyTests()
    {
        File.WriteAllText(_folder.File("city.policy"), City.PolicyText);
        File.WriteAllBytes(_folder.File("7.tlog-proof"), City.Receipt(6));
        File.WriteAllBytes(_folder.File("7.json"), City.Payload(6));
        File.WriteAllBytes(_folder.File("7.salt"), City.Salt(6));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_receipt_is_proven_in_plain_words()
    {
        var run = await Run.Of(["verify", "7.tlog-proof", "--policy", "city.policy"], _folder.Path);

        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.StartsWith("7.tlog-proof: PROVEN\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("Fact 7 of the log city.example/audit: DataAccessed", run.Out, StringComparison.Ordinal);
        Assert.Contains("The log has 11 entries", run.Out, StringComparison.Ordinal);
        Assert.Contains("d0 (dept2.example/witness): saw it at 2026-11-23T08:00:00Z", run.Out, StringComparison.Ordinal);
        Assert.Contains("This does not prove", run.Out, StringComparison.Ordinal);
        Assert.Contains("With --fact and --salt", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_content_is_shown_to_be_what_the_entry_stands_for_and_another_one_is_refused()
    {
        var run = await Run.Of(["verify", "7.tlog-proof", "--policy", "city.policy", "--fact", "7.json", "--salt", "7.salt"], _folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("byte for byte", run.Out, StringComparison.Ordinal);
        run = await Run.Of(["verify", "7.tlog-proof", "--policy", "city.policy", "--fact", "7.json", "--salt", Convert.ToHexString(City.Salt(6))], _folder.Path);
        Assert.Equal(0, run.Exit);

        run = await Run.Of(["verify", "7.tlog-proof", "--policy", "city.policy", "--fact", "7.json", "--salt", Convert.ToHexString(City.Salt(5))], _folder.Path);
        Assert.Equal(1, run.Exit);
        Assert.StartsWith("7.tlog-proof: NOT PROVEN\n  The SHA-256 of salt and content is not the one in the entry", run.Out, StringComparison.Ordinal);
        Assert.Contains("evidence-refused", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_a_line_for_each_file_and_one_bad_file_among_good_ones_fails()
    {
        var other = City.Receipt(3);
        other[^10] ^= 1;
        await File.WriteAllBytesAsync(_folder.File("bad.tlog-proof"), other, TestContext.Current.CancellationToken);

        var run = await Run.Of(["verify", "7.tlog-proof", "bad.tlog-proof", "--policy", "city.policy", "--json"], _folder.Path);

        Assert.Equal(1, run.Exit);
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        using var good = JsonDocument.Parse(lines[0]);
        Assert.True(good.RootElement.GetProperty("proven").GetBoolean());
        Assert.Equal(6, good.RootElement.GetProperty("facts")[0].GetProperty("index").GetInt64());
        Assert.Equal("DataAccessed", good.RootElement.GetProperty("facts")[0].GetProperty("entry").GetProperty("type").GetString());
        Assert.Equal(4, good.RootElement.GetProperty("witnesses").GetArrayLength());
        using var bad = JsonDocument.Parse(lines[1]);
        Assert.False(bad.RootElement.GetProperty("proven").GetBoolean());
        Assert.NotEmpty(bad.RootElement.GetProperty("why").GetString() ?? "");
    }

    [Fact]
    public async Task Too_few_witnesses_are_named()
    {
        var lonely = new EvidenceLog(4, signing: 2);
        await File.WriteAllBytesAsync(_folder.File("2.tlog-proof"), lonely.Receipt(1), TestContext.Current.CancellationToken);

        var run = await Run.Of(["verify", "2.tlog-proof", "--policy", "city.policy"], _folder.Path);

        Assert.Equal(1, run.Exit);
        Assert.Contains("The quorum is not met: depts has 2 of the 3 that it needs", run.Out, StringComparison.Ordinal);
        Assert.Contains("d3 (dept5.example/witness): has not signed", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_logs_key_alone_it_is_said_that_nobody_else_vouches()
    {
        var run = await Run.Of(["verify", "7.tlog-proof", "--log", City.Log.Verifier.ToString()], _folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("NO WITNESS vouches for it", run.Out, StringComparison.Ordinal);

        run = await Run.Of(["verify", "7.tlog-proof", "--log", City.Witnesses[0].Verifier.ToString()], _folder.Path);
        Assert.NotEqual(0, run.Exit);
    }

    [Fact]
    public async Task A_bundle_is_proven_by_ones_own_policy_and_fits_together_by_its_own()
    {
        await File.WriteAllBytesAsync(_folder.File("evidence.zip"), EvidenceBundleTests.Make(EvidenceBundleTests.Contents(City)), TestContext.Current.CancellationToken);

        var run = await Run.Of(["verify", "evidence.zip", "--policy", "city.policy"], _folder.Path);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.StartsWith("evidence.zip: PROVEN\n  Fact 3 of the log city.example/audit: DataAccessed", run.Out, StringComparison.Ordinal);
        Assert.Contains("its content is here", run.Out, StringComparison.Ordinal);
        Assert.Contains("Nor the words in facts.en.txt", run.Out, StringComparison.Ordinal);

        run = await Run.Of(["verify", "evidence.zip"], _folder.Path);
        Assert.Equal(3, run.Exit);
        Assert.StartsWith("evidence.zip: FITS TOGETHER, by the policy that lies in it\n", run.Out, StringComparison.Ordinal);
        run = await Run.Of(["verify", "evidence.zip", "--json"], _folder.Path);
        Assert.Contains("\"proven\":false,\"fitsTogether\":true", run.Out, StringComparison.Ordinal);

        var forged = new EvidenceLog(11, seed: 60);
        await File.WriteAllBytesAsync(_folder.File("forged.zip"), EvidenceBundleTests.Make(EvidenceBundleTests.Contents(forged)), TestContext.Current.CancellationToken);
        Assert.Equal(3, (await Run.Of(["verify", "forged.zip"], _folder.Path)).Exit);
        run = await Run.Of(["verify", "evidence.zip", "forged.zip", "--policy", "city.policy"], _folder.Path);
        Assert.Equal(1, run.Exit);
        Assert.Contains("forged.zip: NOT PROVEN\n  None of the known keys has signed this.", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify 7.tlog-proof")]
    [InlineData("verify nothing --policy city.policy")]
    [InlineData("verify 7.tlog-proof --policy nothing")]
    [InlineData("verify 7.tlog-proof --policy city.policy --fact 7.json")]
    [InlineData("verify 7.tlog-proof --policy city.policy --fact 7.json --salt 7.json")]
    [InlineData("verify 7.tlog-proof 7.tlog-proof --policy city.policy --fact 7.json --salt 7.salt")]
    public async Task A_command_line_that_makes_no_sense_is_answered_with_the_way_forward(string line)
    {
        var run = await Run.Of(line.Split(' '), _folder.Path);

        Assert.Equal(2, run.Exit);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public async Task What_others_wrote_cannot_play_with_the_terminal()
    {
        await File.WriteAllTextAsync(_folder.File("x"), "c2sp.org/tlog-proof@v1\u001b[2J", TestContext.Current.CancellationToken);
        var run = await Run.Of(["verify", "x", "--policy", "city.policy"], _folder.Path);
        Assert.Equal(1, run.Exit);
        Assert.DoesNotContain('\u001b', run.Out);
    }
}
