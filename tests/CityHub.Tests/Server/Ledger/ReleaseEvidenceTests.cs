using System.Text;
using CityHub.Core.Ports;
using CityHub.Ledger;
using CityHub.Server;
using CityHub.Server.Ledger;
using CityHub.Tests.Flows;
using CityHub.Tests.Ledger.Evidence;
using CityHub.Tests.Server.Verbs;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Ledger;

/// <summary>Evidence at the door of the whole hub.</summary>
public sealed class ReleaseEvidenceTests
{
    [Fact]
    public async Task Evidence_of_the_hub_is_proven_by_the_program_and_by_the_script_against_its_policy()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.TokenAsync(["entities:read"]);
        await hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:x:1","type":"Lamp"}""");
        using var answer = await hub.Http.GetAsync("/ledger/evidence?facts=1-3,2", TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("application/zip", answer.Content.Headers.ContentType?.MediaType);
        var zip = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.True(EvidenceBundle.TryRead(zip, out var bundle, out var why), why);
        Assert.Equal([1L, 2, 3], bundle.Facts.Select(one => one.Number));
        Assert.Equal(hub.Hub.Store.Log.Read(0).Take(3).Select(fact => Encoding.UTF8.GetString(fact.Payload.Span)), bundle.Facts.Select(one => Encoding.UTF8.GetString(one.Content ?? [])));
        Assert.Contains("Fact 1, recorded on 2026-03-01 at 08:00:00 UTC", bundle.FactsEnglish, StringComparison.Ordinal);
        Assert.Contains("事实 1,记录于 2026-03-01 08:00:00", bundle.FactsChinese, StringComparison.Ordinal);

        using var folder = new TestFolder();
        await File.WriteAllBytesAsync(folder.File("e.zip"), zip, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("hub.policy"), (await hub.GetAsync("/ledger/policy")).Text, TestContext.Current.CancellationToken);
        var run = await Run.Of(["verify", "e.zip", "--policy", "hub.policy"], folder.Path);
        Assert.True(run.Exit == 0, run.Out + run.Error);
        Tools.Need();
        System.IO.Compression.ZipFile.ExtractToDirectory(folder.File("e.zip"), folder.File("e"));
        var (exit, said) = Tools.Run("/bin/sh", ["e/verify.sh", "hub.policy"], folder.Path);
        Assert.True(exit == 0, said);
    }

    [Fact]
    public async Task That_it_was_released_is_an_act_before_it_leaves_and_the_answer_says_where_its_receipt_is()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var answer = await hub.Http.GetAsync("/ledger/evidence?facts=1", TestContext.Current.CancellationToken);
        var act = hub.Hub.Store.Log.Read(0).Single(fact => fact.Type == ReleaseEvidence.Released);
        Assert.Contains("\"facts\":\"1\",\"content\":true", Encoding.UTF8.GetString(act.Payload.Span), StringComparison.Ordinal);
        Assert.Equal($"</ledger/receipts/{act.Position}>; rel=\"receipt\"", answer.Headers.GetValues("Link").Single());
    }

    [Fact]
    public async Task Whoever_may_not_read_facts_gets_the_proofs_alone()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var auditor = await hub.ClientAsync(Permissions.LedgerRead);
        Assert.True(EvidenceBundle.TryRead(await auditor.GetByteArrayAsync(new Uri("/ledger/evidence?facts=1", UriKind.Relative), TestContext.Current.CancellationToken), out var bundle, out _));
        Assert.Null(bundle.Facts[0].Content);
        Assert.Contains("not handed out", bundle.FactsEnglish, StringComparison.Ordinal);
        Assert.DoesNotContain(Program.Version, bundle.FactsEnglish + bundle.FactsChinese, StringComparison.Ordinal);
        Assert.Equal(403, (int)(await auditor.GetAsync(new Uri("/ledger/evidence?facts=1&content=true", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(200, (int)(await hub.GetAsync("/ledger/evidence?facts=1&content=false")).Status);
        using var other = await hub.ClientAsync(Permissions.FactsRead);
        Assert.Equal(403, (int)(await other.GetAsync(new Uri("/ledger/evidence?facts=1", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("?facts=", 400)]
    [InlineData("?facts=x", 400)]
    [InlineData("?facts=0", 400)]
    [InlineData("?facts=3-1", 400)]
    [InlineData("?facts=1,,2", 400)]
    [InlineData("?facts=-1", 400)]
    [InlineData("?facts=1&content=perhaps", 400)]
    [InlineData("?facts=1&where=here", 400)]
    [InlineData("?facts=999999", 404)]
    [InlineData("?facts=1-9223372036854775807", 404)]
    public async Task What_is_not_asked_rightly_is_refused_and_recorded_nowhere(string query, int status)
    {
        await using var hub = await HubUnderTest.StartAsync();
        Assert.Equal(status, (int)(await hub.GetAsync("/ledger/evidence" + query)).Status);
        Assert.DoesNotContain(hub.Hub.Store.Log.Read(0), fact => fact.Type == ReleaseEvidence.Released);
    }
}
