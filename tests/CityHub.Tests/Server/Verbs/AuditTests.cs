using System.Text;
using CityHub.Server;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Crypto;
using CityHub.Tests.Flows;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

/// <summary>What a hub has left behind checks; what somebody changed in it is named.</summary>
public sealed class AuditTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Data => _folder.File("data");

    [Fact]
    public async Task Everything_of_a_hub_that_ran_was_killed_and_ran_again_checks()
    {
        await RunHubAsync();

        var (exit, said) = await AuditAsync();

        Assert.True(exit == 0, said);
        foreach (var step in new[] { "log and ledger", "trees and checkpoints", "keys", "acts of administrators", "acts by person", "entities: 300" })
            Assert.Contains("ok      " + step, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ledger/tile/entries/000", "fact 1:")]
    [InlineData("ledger/tile/0/000", "tile/0/000")]
    [InlineData("ledger/sm3/tile/0/000", "sm3/tile/0/000")]
    [InlineData("ledger/checkpoint", "checkpoint")]
    public async Task A_changed_file_of_the_ledger_is_named(string file, string named)
    {
        await RunHubAsync();
        var path = Path.Combine(Data, file);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length < 1000 ? bytes.Length - 20 : 40] ^= 1;
        File.WriteAllBytes(path, bytes);

        var (exit, said) = await AuditAsync();

        Assert.Equal(1, exit);
        Assert.Contains(named, said.Split('\n').First(l => l.StartsWith("WRONG", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fact_that_was_exchanged_with_its_checksum_is_named_by_its_leaf()
    {
        await RunHubAsync();
        // Another hub's log of the same length: each fact is good by itself, and none is the one that was witnessed.
        var other = _folder.File("other");
        await RunHubAsync(other);
        foreach (var file in Directory.EnumerateFiles(other, "facts.db*"))
            File.Copy(file, Path.Combine(Data, Path.GetFileName(file)), overwrite: true);

        var (exit, said) = await AuditAsync();

        Assert.Equal(1, exit);
        Assert.Contains("WRONG", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_no_fact_has_introduced_is_named()
    {
        await RunHubAsync();
        new FileKeyStore(Path.Combine(Data, "keys", "ledger")).Create("ed25519-9", SignatureAlgorithm.Ed25519).Dispose();

        var (exit, said) = await AuditAsync();

        Assert.Equal(1, exit);
        Assert.Contains("ed25519-9", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_does_not_start_on_a_log_that_was_set_back_behind_its_ledger()
    {
        await RunHubAsync();
        var copy = _folder.File("copy");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(Data, "facts.db*"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await RunHubAsync(entities: 1);
        foreach (var file in Directory.EnumerateFiles(Data, "*.db*").Concat(Directory.EnumerateFiles(Data, "*.snapshot")))
            File.Delete(file);
        foreach (var folder in new[] { "snapshots", "series" }.Select(f => Path.Combine(Data, f)).Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.EnumerateFiles(copy))
            File.Copy(file, Path.Combine(Data, Path.GetFileName(file)), overwrite: true);

        var started = await Hub.StartAsync(Config(Data), cancel: TestContext.Current.CancellationToken);
        if (started.Ok)
            await started.Value.DisposeAsync();

        Assert.False(started.Ok, "It started.");
        Assert.Contains(started.Problem?.Kind.Code, new[] { "ledger-damaged", "storage-damaged" });
    }

    public void Dispose() => _folder.Dispose();

    private static HubConfig Config(string data) => new()
    {
        Data = data,
        Http = new HttpConfig { Listeners = [new Listener("http://127.0.0.1:0", "127.0.0.1", 0, Tls: false)] },
        Ledger = new LedgerConfig { Suites = SuiteRequirement.Both },
    };

    private async Task RunHubAsync(string? data = null, int entities = 300)
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Data = data ?? Data, Ledger = new LedgerConfig { Suites = SuiteRequirement.Both } });
        for (var i = 0; i < entities; i++)
        {
            var answer = await hub.SendAsync(HttpMethod.Post, "/ngsi-ld/v1/entityOperations/upsert", $$"""[ { "id": "urn:ngsi-ld:Lamp:{{i}}", "type": "Lamp", "power": { "type": "Property", "value": {{i}} } } ]""", "application/json");
            Assert.True((int)answer.Status is 201 or 204, answer.Text);
        }
    }

    private async Task<(int Exit, string Said)> AuditAsync()
    {
        using var said = new StringWriter();
        var exit = await Program.RunAsync(["audit", "--data", Data], new Surroundings { Out = said, Error = said, Environment = new Dictionary<string, string>(StringComparer.Ordinal), Folder = _folder.Path, Time = TimeProvider.System }, TestContext.Current.CancellationToken);
        return (exit, said.ToString());
    }
}
