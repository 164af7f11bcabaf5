using System.Text;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Tests.Flows;
using CityHub.Tests.Ledger.Witnesses;
using CityHub.Tests.Storage.Embedded;
using Keys = CityHub.Tests.Ledger.LedgerKeys;

namespace CityHub.Tests.Server.Ledger;

/// <summary>A whole hub and four witnesses on sockets of their own, three of whom make the quorum.</summary>
public sealed class WitnessesTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<Department> _departments = [];
    private HubUnderTest? _hub;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_receipt_carries_the_cosignatures_of_the_quorum_and_is_small()
    {
        var hub = await StartAsync();

        var answer = await hub.GetAsync("/ledger/receipts/1");

        Assert.True((int)answer.Status == 200, answer.Text);
        var policy = WitnessPolicy.Parse((await hub.GetAsync("/ledger/policy")).Text);
        var receipt = LogProof.Parse(Encoding.UTF8.GetBytes(answer.Text));
        var verdict = receipt.VerifyEntry(receipt.Extra ?? [], policy);
        Assert.True(verdict.Accepted, verdict.Why);
        Assert.True(verdict.Cosignatures.Count >= 3);
        Assert.True(answer.Text.Length <= 3000, $"The receipt has {answer.Text.Length} bytes.");
        Assert.Null(hub.Hub.Ledger.Witnesses.Unwitnessed(TimeSpan.Zero));
        Assert.Equal(verdict.Checkpoint, Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes((await hub.GetAsync("/ledger/checkpoint.witnessed")).Text)).Text));
    }

    [Fact]
    public async Task Without_a_quorum_the_hub_says_who_is_missing_and_what_needs_witnesses_stops_after_its_time()
    {
        var hub = await StartAsync();
        await hub.GetAsync("/ledger/receipts/1");
        _departments[0].Down = _departments[1].Down = true;
        await hub.TokenAsync(["entities:read"]);
        var position = hub.Hub.Store.Log.Head;

        var asked = hub.GetAsync($"/ledger/receipts/{position}");
        while (!asked.IsCompleted)
        {
            hub.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(asked, Task.Delay(20, Cancel));
        }

        var refused = await asked;
        Assert.Equal((503, "ledger-not-witnessed"), ((int)refused.Status, refused.Json.GetProperty("code").GetString()));
        Assert.Contains("dept1", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, (int)(await hub.GetAsync($"/ledger/receipts/{position}?witnessed=false")).Status);
        Assert.Null(hub.Hub.Ledger.Witnesses.Unwitnessed(TimeSpan.FromMinutes(10)));
        hub.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("ledger-not-witnessed", hub.Hub.Ledger.Witnesses.Unwitnessed(TimeSpan.FromMinutes(10))?.Kind.Code);
        Assert.False((await hub.GetAsync("/ledger")).Json.GetProperty("witnesses").GetProperty("met").GetBoolean());
        // A round that was under way when the clock sprang has more who have not answered in time; the next one has two.
        while ((await hub.GetAsync("/status")).Json.GetProperty("figures").GetProperty("witnessesMissing").GetInt32() != 2)
        {
            hub.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, Cancel);
        }

        var state = (await hub.GetAsync("/ledger")).Json.GetProperty("witnesses");
        Assert.Equal(["dept1", "dept2"], state.GetProperty("asked").EnumerateArray().Where(w => !w.GetProperty("cosigned").GetBoolean()).Select(w => w.GetProperty("name").GetString()));

        _departments[0].Down = _departments[1].Down = false;
        var covered = hub.Hub.Ledger.Witnesses.CoverAsync(position, Cancel).AsTask();
        while (!covered.IsCompleted)
        {
            hub.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(covered, Task.Delay(20, Cancel));
        }

        Assert.Null(hub.Hub.Ledger.Witnesses.Unwitnessed(TimeSpan.Zero));
    }

    [Fact]
    public async Task After_a_restart_the_witnesses_go_on_from_what_they_have_seen()
    {
        var hub = await StartAsync();
        await hub.GetAsync("/ledger/receipts/1");
        await hub.RestartAsync();

        var answer = await hub.GetAsync($"/ledger/receipts/{hub.Hub.Store.Log.Head}");

        Assert.True((int)answer.Status == 200, answer.Text);
        Assert.All(hub.Hub.Ledger.Witnesses.Outcomes, o => Assert.False(o.Serious));
    }

    [Fact]
    public async Task A_hub_whose_folder_was_set_back_is_told_by_its_witnesses()
    {
        var hub = await StartAsync();
        await hub.GetAsync("/ledger/receipts/1");
        // The same name and key, another history: what a restored backup, or an operator who rewrites the log, shows them.
        foreach (var department in _departments)
            department.Forge(hub.Hub.Ledger.Keys.Active[0].Signer);
        await hub.TokenAsync(["entities:read"]);
        await hub.Hub.Ledger.Ledger.CoverAsync(hub.Hub.Store.Log.Head, Cancel);
        while (hub.Hub.Ledger.Witnesses.Outcomes is var outcomes && !(outcomes.Count == 4 && outcomes.All(o => o.Serious)))
        {
            hub.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, Cancel);
        }

        Assert.Contains(hub.Log.All, line => line.Contains("Witnesses are missing", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("witness a\nquorum a\n")]
    [InlineData("quorum nobody\n")]
    [InlineData("")]
    public async Task A_policy_that_cannot_be_used_stops_the_start(string text)
    {
        var file = _folder.File("policy");
        await File.WriteAllTextAsync(file, text, Cancel);
        var started = await CityHub.Server.Hub.StartAsync(
            new HubConfig { Data = _folder.File("data"), Http = new HttpConfig { Listeners = [new Listener("http://127.0.0.1:0", "127.0.0.1", 0, Tls: false)] }, Ledger = new LedgerConfig { Policy = file } }, cancel: Cancel);
        Assert.Equal("ledger-policy-unusable", started.Problem?.Kind.Code);
    }

    public async ValueTask DisposeAsync()
    {
        if (_hub is not null)
            await _hub.DisposeAsync();
        foreach (var department in _departments)
            await department.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<HubUnderTest> StartAsync()
    {
        for (byte i = 1; i <= 4; i++)
            _departments.Add(await Department.OpenAsync(i, () => _hub?.Hub.Ledger.Keys.Active[0].Verifier));
        var file = _folder.File("policy");
        await File.WriteAllTextAsync(file, string.Concat(_departments.Select(d => $"witness {d.Name} {d.Key.Verifier} {d.Url}\n")) + "group city 3 dept1 dept2 dept3 dept4\nquorum city\n", Cancel);
        _hub = await HubUnderTest.StartAsync(c => c with { Ledger = new LedgerConfig { Policy = file } });
        return _hub;
    }

    private sealed class Department : IAsyncDisposable
    {
        private readonly TestFolder _folder = new();
        private WitnessState _state;
        private Witness? _witness;
        private Door? _door;

        private Department(byte number)
        {
            Name = $"dept{number}";
            Key = Keys.Signer($"{Name}.example", NoteKeyType.Ed25519Cosignature, number);
            _state = WitnessState.Create(_folder.Path);
        }

        public string Name { get; }

        public NoteSigner Key { get; }

        public string Url => _door?.Url ?? "";

        public bool Down { get; set; }

        public static async Task<Department> OpenAsync(byte number, Func<VerifierKey?> log)
        {
            var department = new Department(number);
            department._door = await Door.OpenAsync(body =>
            {
                if (department.Down || log() is not { } key)
                    return Task.FromResult((503, "text/plain", "down\n"));
                department._witness ??= new Witness(department._state, [department.Key], [key]);
                var answer = department._witness.Add(body);
                return Task.FromResult((answer.Status, answer.ContentType, answer.Body));
            });
            return department;
        }

        /// <summary>It has seen a longer log of this name than the hub has.</summary>
        public void Forge(NoteSigner log)
        {
            var note = SignedNote.Sign(new Checkpoint(log.Verifier.Name, 1_000_000, new byte[32]).Body, log);
            _state.Dispose();
            _state = WitnessState.Create(_folder.File("another"));
            _witness = new Witness(_state, [Key], [log.Verifier]);
            Assert.Equal(200, _witness.Add(new WitnessRequest(0, [], note).ToBytes()).Status);
        }

        public async ValueTask DisposeAsync()
        {
            if (_door is not null)
                await _door.DisposeAsync();
            _state.Dispose();
            _folder.Dispose();
        }
    }
}
