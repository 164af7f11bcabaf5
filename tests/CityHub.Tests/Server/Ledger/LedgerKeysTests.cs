using CityHub.Core.Facts;
using CityHub.Crypto;
using CityHub.Server.Configuration;
using CityHub.Server.Ledger;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Ledger;

public sealed class LedgerKeysTests : IDisposable
{
    private static readonly LedgerConfig Named = new() { Name = "ledger.city.example/hub" };

    private readonly TestFolder _folder = new();
    private readonly EmbeddedStore _store;

    public LedgerKeysTests() => _store = EmbeddedStore.Open(_folder.File("data"), TimeProvider.System).Value;

    [Fact]
    public async Task A_key_is_a_fact_before_it_signs_and_the_same_after_a_restart()
    {
        string vkey;
        using (var keys = (await OpenAsync(Named)).Value)
        {
            Assert.Equal(("ed25519-1", "ledger.city.example/hub"), (keys.Active[0].Name, keys.Active[0].Verifier.Name));
            vkey = keys.Active[0].Verifier.ToString();
        }

        var fact = Assert.Single(_store.Log.Read(0, LedgerKeys.Stream));
        Assert.Contains(vkey, System.Text.Json.JsonDocument.Parse(fact.Payload).RootElement.GetProperty("vkey").GetString(), StringComparison.Ordinal);
        using var again = (await OpenAsync(Named)).Value;
        Assert.Equal(vkey, Assert.Single(again.Active).Verifier.ToString());
    }

    [Fact]
    public async Task A_Chinese_installation_signs_with_a_key_of_each_suite_and_its_second_tree_has_a_name_of_its_own()
    {
        using var keys = (await OpenAsync(Named with { Suites = SuiteRequirement.Both, PostQuantum = true })).Value;

        Assert.Equal(["ed25519-1", "ml-dsa-44-1", "sm2-1"], keys.Active.Select(k => k.Name));
        Assert.Equal(["ledger.city.example/hub", "ledger.city.example/hub", "ledger.city.example/hub/sm3"], keys.Active.Select(k => k.Verifier.Name));
    }

    [Fact]
    public async Task Without_a_name_the_first_key_gives_one_for_ever()
    {
        string name;
        using (var keys = (await OpenAsync(new LedgerConfig())).Value)
            name = keys.Origin;

        Assert.StartsWith("cityhub-", name, StringComparison.Ordinal);
        using (var again = (await OpenAsync(new LedgerConfig())).Value)
            Assert.Equal(name, again.Origin);
        Assert.Equal("ledger-name-fixed", (await OpenAsync(Named)).Problem?.Kind.Code);
    }

    [Fact]
    public async Task In_a_rotation_both_keys_sign_until_the_old_one_is_retired_and_the_last_one_never_is()
    {
        using (var keys = (await OpenAsync(Named)).Value)
        {
            Assert.Equal("ledger-key-last", (await keys.RetireAsync("ed25519-1", "wang", TestContext.Current.CancellationToken)).Problem?.Kind.Code);
            await keys.IntroduceAsync(SignatureAlgorithm.Ed25519, "wang", TestContext.Current.CancellationToken);
            Assert.Equal(["ed25519-1", "ed25519-2"], keys.Active.Select(k => k.Name));
            Assert.True((await keys.RetireAsync("ed25519-1", "wang", TestContext.Current.CancellationToken)).Ok);
            Assert.Equal("ledger-key-unknown", (await keys.RetireAsync("ed25519-1", "wang", TestContext.Current.CancellationToken)).Problem?.Kind.Code);
        }

        using var again = (await OpenAsync(Named)).Value;
        Assert.Equal("ed25519-2", Assert.Single(again.Active).Name);
        Assert.Equal(2, again.Ever.Count());
        Assert.Equal([LedgerKeys.Introduced, LedgerKeys.Introduced, LedgerKeys.Retired], _store.Log.Read(0, LedgerKeys.Stream).Select(f => f.Type));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("open")]
    [InlineData("exchanged")]
    public async Task A_key_that_is_not_what_the_log_says_stops_the_start(string how)
    {
        using (await OpenAsync(Named) is { Ok: true } opened ? opened.Value : null)
        {
        }

        var file = Path.Combine(LedgerKeys.FolderIn(_folder.File("data")), "ed25519-1.key");
        if (how == "open")
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "Files have no modes here.");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        }
        else
        {
            File.Delete(file);
            if (how == "exchanged")
                new FileKeyStore(LedgerKeys.FolderIn(_folder.File("data"))).Create("ed25519-1", SignatureAlgorithm.Ed25519).Dispose();
        }

        Assert.Equal("ledger-key-unusable", (await OpenAsync(Named)).Problem?.Kind.Code);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private ValueTask<Core.Problems.Result<LedgerKeys>> OpenAsync(LedgerConfig config) => new(LedgerKeys.OpenAsync(_store.Log, _folder.File("data"), config, TimeProvider.System, TestContext.Current.CancellationToken));
}
