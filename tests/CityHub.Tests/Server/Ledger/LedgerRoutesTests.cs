using System.Text;
using System.Text.Json;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server;
using CityHub.Server.Configuration;
using CityHub.Storage.Ledger;
using CityHub.Tests.Flows;

namespace CityHub.Tests.Server.Ledger;

/// <summary>The ledger at the doors of the whole hub.</summary>
public sealed class LedgerRoutesTests
{
    [Fact]
    public async Task A_receipt_verifies_offline_against_the_published_policy()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var fact = hub.Hub.Store.Log.Read(0).First(f => f.Type == HubActs.Started);

        var answer = await hub.GetAsync($"/ledger/receipts/{fact.Position}");

        Assert.Equal(200, (int)answer.Status);
        var policy = WitnessPolicy.Parse((await hub.GetAsync("/ledger/policy")).Text);
        var receipt = LogProof.Parse(Encoding.UTF8.GetBytes(answer.Text));
        Assert.NotNull(receipt.Extra);
        Assert.True(receipt.VerifyEntry(receipt.Extra, policy) is { Accepted: true } verdict, receipt.VerifyEntry(receipt.Extra, policy).Why);
        Assert.Equal(fact.Position - 1, receipt.Index);
        Assert.Equal(new FactLeaf(HashFunctions.Sha256).Write(fact), receipt.Extra);
        Assert.True(answer.Text.Length <= 3000);
    }

    [Fact]
    public async Task The_log_is_a_folder_of_static_files_from_which_a_stranger_gets_the_same_root()
    {
        await using var hub = await HubUnderTest.StartAsync();
        for (var i = 0; i < 300; i++)
            await hub.TokenAsync(["entities:read"]);
        await hub.Hub.Ledger.Ledger.CoverAsync(hub.Hub.Store.Log.Head, TestContext.Current.CancellationToken);

        using var stranger = await hub.Stranger.GetAsync("/ledger/checkpoint", TestContext.Current.CancellationToken);
        var note = SignedNote.Parse(await stranger.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        var checkpoint = Checkpoint.Parse(note.Text);
        var tree = new TileTree(HashFunctions.Sha256, new HubTiles(hub.Stranger), checkpoint.Size, checkpoint.Root);
        var bundle = await hub.Http.GetByteArrayAsync("/ledger/tile/entries/000", TestContext.Current.CancellationToken);
        var entries = EntryBundle.Read(bundle, 256);

        Assert.Equal(hub.Hub.Store.Log.Head, checkpoint.Size);
        for (var i = 0; i < 256; i++)
            Assert.Equal(MerkleTree.LeafHash(HashFunctions.Sha256, entries[i]), tree.LeafHash(i));
        Assert.Equal(401, (int)(await hub.Stranger.GetAsync("/ledger/tile/entries/000", TestContext.Current.CancellationToken)).StatusCode);
        foreach (var wrong in new[] { "tile/0/../../facts.db", "tile/0/%2e%2e/%2e%2e/facts.db", "tile/0/x000/999", "tile/9999/000", "tile/entries/1", "head", "lock" })
            Assert.Equal(404, (int)(await hub.GetAsync("/ledger/" + wrong)).Status);
    }

    [Fact]
    public async Task After_a_restart_the_log_goes_on_and_its_stop_is_in_it()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var before = await CheckpointAsync(hub);
        await hub.RestartAsync();
        var after = await CheckpointAsync(hub);

        Assert.Equal(before.Origin, after.Origin);
        Assert.True(after.Size > before.Size);
        var stop = hub.Hub.Store.Log.Read(0).First(f => f.Type == HubActs.Stopped);
        Assert.Equal(200, (int)(await hub.GetAsync($"/ledger/receipts/{stop.Position}")).Status);
        var tree = new TileTree(HashFunctions.Sha256, new HubTiles(hub.Stranger), after.Size, after.Root);
        Assert.Equal(before.Root, tree.Root(before.Size));
    }

    [Fact]
    public async Task A_Chinese_installation_has_a_second_tree_over_the_same_entries_signed_with_SM2_and_bound_to_the_first()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Ledger = new LedgerConfig { Suites = SuiteRequirement.Both } });
        var fact = hub.Hub.Store.Log.Read(0).First();
        var policy = WitnessPolicy.Parse((await hub.GetAsync("/ledger/policy")).Text);

        var receipt = LogProof.Parse(Encoding.UTF8.GetBytes((await hub.GetAsync($"/ledger/receipts/{fact.Position}?suite=gm")).Text));

        Assert.Equal(HashFunctions.Sm3, receipt.Hash);
        Assert.True(receipt.VerifyEntry(receipt.Extra ?? [], policy).Accepted);
        var both = JsonDocument.Parse(receipt.Extra ?? []).RootElement.GetProperty("commitment");
        Assert.True(both.TryGetProperty("SM3", out _) && both.TryGetProperty("SHA-256", out _));
        // The head from before the look: a fact that comes during it would otherwise be waited for when it is there already.
        for (long after = 0, head = hub.Hub.Store.Log.Head; hub.Hub.Store.Log.Read(after, CityHub.Server.Ledger.LedgerKeys.Stream).All(f => f.Type != CityHub.Server.Ledger.LedgerBookkeeper.Bound); head = hub.Hub.Store.Log.Head)
            await hub.Hub.Store.Log.WaitAsync(after = head, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_key_is_rotated_without_a_gap_and_old_receipts_stay_good()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var policy = WitnessPolicy.Parse((await hub.GetAsync("/ledger/policy")).Text);

        Assert.Equal(201, (int)(await hub.PostAsync("/ledger/keys?algorithm=ed25519", "")).Status);
        await hub.Hub.Ledger.Ledger.CoverAsync(hub.Hub.Store.Log.Head, TestContext.Current.CancellationToken);
        var between = SignedNote.Parse(Encoding.UTF8.GetBytes((await hub.GetAsync("/ledger/receipts/1")).Text.Split("\n\n", 2)[1]));
        Assert.Equal(204, (int)(await hub.SendAsync(HttpMethod.Delete, "/ledger/keys/ed25519-1")).Status);
        await hub.Hub.Ledger.Ledger.CoverAsync(hub.Hub.Store.Log.Head, TestContext.Current.CancellationToken);
        var after = WitnessPolicy.Parse((await hub.GetAsync("/ledger/policy")).Text);
        var receipt = LogProof.Parse(Encoding.UTF8.GetBytes((await hub.GetAsync("/ledger/receipts/1")).Text));

        Assert.Equal("ed25519-2", hub.Hub.Ledger.Keys.Active.Single().Name);
        Assert.Equal(2, between.Signatures.Count);
        Assert.True(policy.Evaluate(between).Accepted);
        Assert.True(after.Evaluate(between).Accepted);
        Assert.True(receipt.VerifyEntry(receipt.Extra ?? [], after).Accepted);
        Assert.False(receipt.VerifyEntry(receipt.Extra ?? [], policy).Accepted);
        Assert.Equal(409, (int)(await hub.SendAsync(HttpMethod.Delete, "/ledger/keys/ed25519-2")).Status);
    }

    [Fact]
    public async Task What_was_recorded_for_a_request_has_its_receipt_in_the_answer()
    {
        await using var hub = await HubUnderTest.StartAsync();
        foreach (var answer in new[] { await hub.PostAsync("/tokens", "{\"subject\":\"pump\",\"permissions\":[\"entities:read\"]}"), await hub.GetAsync("/facts?limit=1"), await hub.PostAsync("/ledger/keys?algorithm=ed25519", "") })
        {
            var link = answer.Headers["Link"];
            Assert.EndsWith("; rel=\"receipt\"", link, StringComparison.Ordinal);
            Assert.Equal(200, (int)(await hub.GetAsync(link[1..link.IndexOf('>', StringComparison.Ordinal)])).Status);
        }
    }

    [Theory]
    [InlineData("/ledger/receipts/100000", 404, "ledger-not-yet")]
    [InlineData("/ledger/receipts/0", 404, "ledger-not-yet")]
    [InlineData("/ledger/receipts/1?suite=gm", 400, "bad-query-parameter")]
    [InlineData("/ledger/receipts/1?suite=md5", 400, "bad-query-parameter")]
    [InlineData("/ledger/receipts/1?witness=no", 400, "bad-query-parameter")]
    [InlineData("/ledger/checkpoint.witnessed", 404, "ledger-not-yet")]
    public async Task Refused_with_the_reason(string path, int status, string code)
    {
        await using var hub = await HubUnderTest.StartAsync();
        var answer = await hub.GetAsync(path);
        Assert.Equal((status, code), ((int)answer.Status, answer.Json.GetProperty("code").GetString()));
    }

    private static async Task<Checkpoint> CheckpointAsync(HubUnderTest hub)
    {
        await hub.Hub.Ledger.Ledger.CoverAsync(hub.Hub.Store.Log.Head, TestContext.Current.CancellationToken);
        return Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes((await hub.GetAsync("/ledger/checkpoint")).Text)).Text);
    }

    private sealed class HubTiles(HttpClient http) : ITileSource
    {
        public byte[]? Read(TilePath path)
        {
            using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, "/ledger/" + path));
            if (!answer.IsSuccessStatusCode)
                return null;
            using var memory = new MemoryStream();
            answer.Content.ReadAsStream().CopyTo(memory);
            return memory.ToArray();
        }
    }
}
