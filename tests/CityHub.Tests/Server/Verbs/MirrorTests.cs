using System.Net;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Server.Witnessing;
using CityHub.Tests.Ledger;
using CityHub.Tests.Ledger.Witnesses;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

public sealed class MirrorTests : IAsyncDisposable
{
    private const string Origin = "city.example/audit";
    private readonly TestFolder folder = new();
    private readonly MemoryLog log = new(LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1));
    private readonly HttpClient http = new();
    private MemoryLog shown;
    private long? published;
    private Door? door;

    public MirrorTests() => shown = log;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (door is not null)
            await door.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    private async Task<string> LogAsync() =>
        (door ??= await Door.OpenAsync(path => path == "checkpoint" ? shown.Checkpoint(published).ToBytes() : shown.File(path))).Url;

    private async Task<Run> MirrorAsync(params string[] more) =>
        await Run.Of(["mirror", "--from", await LogAsync(), "--log", log.Key.ToString(), "--data", "m", "--once", .. more], folder.Path);

    private async Task<Run> MonitorAsync(params string[] more) =>
        await Run.Of(["monitor", "--from", await LogAsync(), "--data", "o", "--once", .. more], folder.Path);

    [Fact]
    public async Task A_mirror_keeps_what_the_independent_program_accepts_and_cosigns_it()
    {
        var made = await Run.Of(["witness", "--init", "--name", "dept.example/mirror", "--data", "w"], folder.Path);
        foreach (var step in new[] { 5, 300, 0, 700 })
        {
            log.Grow(step);
            var kept = await MirrorAsync("--sign", "w");
            Assert.True(kept.Exit == 0, kept.Error);
            Assert.Equal(step > 0, kept.Out.Contains($"{step} of them new", StringComparison.Ordinal));
        }

        var policy = WitnessPolicy.Parse($"log {log.Key}\nwitness m {made.Out.TrimEnd()}\nquorum m\n");
        Assert.True(policy.Evaluate(SignedNote.Parse(await File.ReadAllBytesAsync(folder.File("m/checkpoint"), Cancel))).Accepted);
        await File.WriteAllTextAsync(folder.File("policy"), $"log {log.Key}\nwitness m {made.Out.TrimEnd()}\nquorum m\n", Cancel);
        var (passed, said) = await LedgerVerify.RunAsync("fsck", folder.File("m"), folder.File("policy"));
        Assert.True(passed, said);
        Assert.Contains("size=1005", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_refuses_another_past_and_keeps_the_proof()
    {
        log.Grow(300);
        Assert.Equal(0, (await MirrorAsync()).Exit);
        shown = log.Fork(100).Grow(400, "lie");
        var refused = await MirrorAsync();
        Assert.Equal(1, refused.Exit);
        Assert.Contains("does not begin with what was there", refused.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("m/divergence")));
        Assert.Equal(log.Checkpoint().ToBytes(), await File.ReadAllBytesAsync(folder.File("m/checkpoint"), Cancel));
    }

    [Fact]
    public async Task A_mirror_serves_the_log_and_cosigns_a_submitted_checkpoint_only_after_it_has_fetched_it()
    {
        log.Grow(300);
        published = 200;
        var keys = new[] { log.Key };
        Assert.True(WitnessFolder.Create(folder.File("w"), null, "dept.example/mirror", [SignatureAlgorithm.Ed25519], TimeProvider.System).TryGet(out var own, out var problem), problem?.Detail);
        using var owned = own;
        var source = new HttpLogSource(http, new Uri(await LogAsync()));
        using var mirror = LogMirror.Open(folder.File("m"), keys, source);
        var witness = new CityHub.Ledger.Witness(owned.State, owned.Signers, keys);
        using var service = new MirrorService(mirror, source, witness);
        Assert.True((await WitnessServer.StartAsync(new Listener("x", "127.0.0.1", 0, false), witness, service, [owned.Signers[0].Verifier], 1000, TimeProvider.System, Cancel)).TryGet(out var server, out problem), problem?.Detail);
        await using var served = server;
        var address = new Uri(served.Address);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(address, "/checkpoint"), Cancel)).StatusCode);
        await service.FollowAsync(Cancel);
        Assert.Equal(200, mirror.Head?.Size);

        // The log asks for 300 before it publishes them; the tiles are there.
        Assert.Equal(HttpStatusCode.OK, await PostAsync(log.Request(200)));
        Assert.Equal(300, mirror.Head?.Size);
        var note = SignedNote.Parse(await http.GetByteArrayAsync(new Uri(address, $"/{WitnessState.NameOf(Origin)}/checkpoint"), Cancel));
        Assert.Equal(2, note.Signatures.Count);
        foreach (var path in new[] { TilePath.Tile(0, 0), TilePath.Tile(0, 1, 44), TilePath.Tile(1, 0, 1), TilePath.Bundle(0), TilePath.Bundle(1, 44) })
            Assert.Equal(log.Read(path), await http.GetByteArrayAsync(new Uri(address, "/" + path), Cancel));

        // A fork whose files are there, a checkpoint without files, and one of nobody.
        shown = log.Fork(250).Grow(100, "lie");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await PostAsync(shown.Request(300)));
        shown = log;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PostAsync(log.Fork(300).Grow(5).Request(300)));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(new MemoryLog(LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 9)).Grow(400).Request(300)));
        Assert.Equal(300, mirror.Head?.Size);

        // What it found stays said until a person has looked.
        using var health = await http.GetAsync(new Uri(address, "/health"), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("镜像", await http.GetStringAsync(new Uri(address, "/?lang=zh"), Cancel), StringComparison.Ordinal);

        // A mirror of the mirror, over HTTP.
        var second = await Run.Of(["mirror", "--from", served.Address, "--log", log.Key.ToString(), "--data", "second", "--once"], folder.Path);
        Assert.True(second.Exit == 0, second.Error);
        Assert.Equal(note.ToBytes(), await File.ReadAllBytesAsync(folder.File("second/checkpoint"), Cancel));

        async Task<HttpStatusCode> PostAsync(WitnessRequest request)
        {
            using var content = new ByteArrayContent(request.ToBytes());
            using var answer = await http.PostAsync(new Uri(address, "/add-checkpoint"), content, Cancel);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_monitor_says_what_is_new_and_ends_with_the_first_contradiction()
    {
        await File.WriteAllTextAsync(folder.File("city.vkey"), log.Key + "\n", Cancel);
        log.Grow(3);
        var first = await MonitorAsync("--log", "city.vkey", "--entries");
        Assert.True(first.Exit == 0, first.Error);
        Assert.Contains("0\tentry 0", first.Out, StringComparison.Ordinal);
        Assert.Contains("3 entries, 3 of them new", first.Out, StringComparison.Ordinal);
        log.Grow(1);
        var second = await MonitorAsync("--log", "city.vkey", "--entries", "--json");
        Assert.DoesNotContain("\"index\":2", second.Out, StringComparison.Ordinal);
        Assert.Contains("\"index\":3", second.Out, StringComparison.Ordinal);
        Assert.Contains("\"size\":4,\"before\":3,\"quorumMet\":true", second.Out, StringComparison.Ordinal);

        shown = log.Fork(2).Grow(5, "lie");
        var alarm = await MonitorAsync("--log", "city.vkey");
        Assert.Equal(1, alarm.Exit);
        Assert.Contains("cityhub explain log-divergence", alarm.Error, StringComparison.Ordinal);
        shown = log;
        var later = await MonitorAsync("--log", "city.vkey");
        Assert.Equal(1, later.Exit);
        Assert.Contains("An earlier look", later.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_monitor_tells_an_unmet_quorum_from_a_contradiction()
    {
        log.Grow(3);
        var key = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 2).Verifier;
        await File.WriteAllTextAsync(folder.File("policy"), $"log {log.Key}\nwitness w {key}\nquorum w\n", Cancel);
        var told = await MonitorAsync("--policy", "policy");
        Assert.Equal(3, told.Exit);
        Assert.Contains("The quorum is not met: w has not cosigned", told.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mirror --log VKEY", 2, "--from is missing")]
    [InlineData("mirror --from ftp://x --log VKEY", 2, "http or https")]
    [InlineData("mirror --from http://x", 2, "--log is missing")]
    [InlineData("mirror --from http://x --log VKEY --log OTHER", 1, "more than one log")]
    [InlineData("mirror --from http://127.0.0.1:9 --log VKEY --once", 1, "cannot be reached")]
    [InlineData("mirror --from http://x --log VKEY --sign nowhere", 1, "There is no witness")]
    [InlineData("monitor --from http://x", 2, "--policy is missing")]
    [InlineData("monitor --from http://x --policy nowhere", 1, "cannot be read")]
    [InlineData("monitor --from http://127.0.0.1:9 --log VKEY --once", 1, "cannot be reached")]
    public async Task What_cannot_be_done_is_said_in_a_sentence(string line, int exit, string says)
    {
        var other = LedgerKeys.Signer("other.example", NoteKeyType.Ed25519, 3).Verifier.ToString();
        var refused = await Run.Of([.. line.Split(' ').Select(word => word switch { "VKEY" => log.Key.ToString(), "OTHER" => other, _ => word })], folder.Path);
        Assert.Equal(exit, refused.Exit);
        Assert.Contains(says, refused.Error, StringComparison.Ordinal);
    }
}
