using System.Text;
using CityHub.Core.Facts;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Crypto;
using CityHub.Tests.Flows;
using CityHub.Tests.Ledger;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Ledger;

/// <summary>The ledger of a whole hub, read by a program of others while it grows. With CITYHUB_TEST_FULL=1 it has a million entries.</summary>
public sealed class StrangerReadsHubTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_log_of_a_hub_its_growth_and_its_receipts_are_accepted()
    {
        var total = Environment.GetEnvironmentVariable("CITYHUB_TEST_FULL") == "1" ? 1_000_000 : 20_000;
        using var folder = new TestFolder();
        await using var hub = await HubUnderTest.StartAsync(c => c with { Data = folder.File("data"), Ledger = new LedgerConfig { Suites = SuiteRequirement.Both } });
        var (policy, half, log) = (folder.File("policy"), folder.File("half"), folder.File("data/ledger"));
        await File.WriteAllTextAsync(policy, string.Join('\n', (await hub.GetAsync("/ledger/policy")).Text.Split('\n').Where(line => !line.Contains("/sm3+", StringComparison.Ordinal))), Cancel);

        await GrowAsync(hub, total / 2);
        File.Copy(Path.Combine(log, "checkpoint"), half);
        await GrowAsync(hub, total);

        await AcceptsAsync("fsck", log, policy);
        await AcceptsAsync("consistency", log, half, policy);
        foreach (var position in new[] { 1, total / 3, total })
        {
            var (receipt, entry) = (folder.File("receipt"), folder.File("entry"));
            await File.WriteAllTextAsync(receipt, (await hub.GetAsync($"/ledger/receipts/{position}")).Text, Cancel);
            await File.WriteAllBytesAsync(entry, LogProof.Parse(await File.ReadAllBytesAsync(receipt, Cancel)).Extra ?? [], Cancel);
            await AcceptsAsync("proof", receipt, entry, policy);
        }
    }

    private static async Task AcceptsAsync(params string[] words)
    {
        var (passed, said) = await LedgerVerify.RunAsync(words);
        Assert.True(passed, said);
    }

    private static async Task GrowAsync(HubUnderTest hub, long size)
    {
        var log = hub.Hub.Store.Log;
        while (log.Head < size)
        {
            var facts = new NewFact[Math.Min(4_096, size - log.Head)];
            for (var i = 0; i < facts.Length; i++)
                facts[i] = new NewFact("Measured", Encoding.UTF8.GetBytes($"{{\"n\":{log.Head + i}}}"));
            Assert.True((await log.AppendAsync(new Append("measurements", facts, hub.Clock.GetUtcNow()), Cancel)).Ok);
        }

        await hub.Hub.Ledger.Ledger.CoverAsync(log.Head, Cancel);
    }
}
