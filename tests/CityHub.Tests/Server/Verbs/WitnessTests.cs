using System.Net;
using System.Text;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Server.Witnessing;
using CityHub.Tests.Ledger;
using CityHub.Tests.Ledger.Witnesses;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

public sealed class WitnessTests : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private readonly MemoryLog log = new(LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1));
    private readonly HttpClient http = new();
    private WitnessFolder? made;
    private WitnessServer? server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        made?.Dispose();
        http.Dispose();
        folder.Dispose();
    }

    private async Task<Uri> StartAsync(int rate = 100_000)
    {
        Assert.True(WitnessFolder.Create(folder.File("w"), null, "dept.example/w", [CityHub.Crypto.SignatureAlgorithm.Ed25519], TimeProvider.System).TryGet(out made, out var problem), problem?.Detail);
        var witness = new CityHub.Ledger.Witness(made.State, made.Signers, [log.Key]);
        var started = await WitnessServer.StartAsync(new Listener("x", "127.0.0.1", 0, false), witness, null, [.. made.Signers.Select(one => one.Verifier)], rate, TimeProvider.System, Cancel);
        Assert.True(started.TryGet(out server, out problem), problem?.Detail);
        return new Uri(server.Address);
    }

    private async Task<(HttpStatusCode Status, string? Type, string Body)> PostAsync(Uri address, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await http.PostAsync(new Uri(address, "/add-checkpoint"), content, Cancel);
        return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_witness_cosigns_over_a_socket_and_shows_monitors_and_people_what_it_saw()
    {
        var address = await StartAsync();
        var path = new Uri(address, $"/{WitnessState.NameOf(log.Key.Name)}/checkpoint");
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(path, Cancel)).StatusCode);
        log.Grow(300);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(address, log.Request(0, 7).ToBytes())).Status);
        var conflict = await PostAsync(address, log.Request(3).ToBytes());
        Assert.Equal((HttpStatusCode.Conflict, "text/x.tlog.size", "7\n"), conflict);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(address, log.Request(7).ToBytes())).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(address, log.Fork(7).Grow(293, "<lie>").Request(300).ToBytes())).Status);

        var vkey = VerifierKey.Parse((await http.GetStringAsync(new Uri(address, "/vkeys"), Cancel)).TrimEnd('\n'));
        var shown = SignedNote.Parse(await http.GetByteArrayAsync(path, Cancel));
        Assert.Equal(log.Checkpoint().Text, shown.Text);
        Assert.True(shown.TryVerify([log.Key, vkey], out var verified, out _));
        Assert.Equal(2, verified.Count);

        foreach (var (language, word) in new[] { ("en", "two roots for one size"), ("zh", "两个不同的根") })
        {
            var page = await http.GetStringAsync(new Uri(address, "/?lang=" + language), Cancel);
            Assert.Contains(word, page, StringComparison.Ordinal);
            Assert.Contains(WebUtility.HtmlEncode(vkey.ToString()), page, StringComparison.Ordinal);
            Assert.Contains("300", page, StringComparison.Ordinal);
        }

        Assert.Equal("ok\n", await http.GetStringAsync(new Uri(address, "/health"), Cancel));
        Assert.Contains("body", await http.GetStringAsync(new Uri(address, "/assets/cityhub.css"), Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(address, "/memory/origins"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.GetAsync(new Uri(address, "/add-checkpoint"), Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_and_a_client_that_asks_too_often_are_turned_away()
    {
        var address = await StartAsync(rate: 5);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(address, new byte[WitnessRequest.MaxBytes + 1])).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(address, new byte[WitnessRequest.MaxBytes])).Status);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 60; i++)
            statuses.Add((await PostAsync(address, "x"u8.ToArray())).Status);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
    }

    [Fact]
    public async Task Health_says_which_log_it_does_not_sign_for()
    {
        var address = await StartAsync();
        log.Grow(4);
        await PostAsync(address, log.Request(0).ToBytes());
        Assert.NotNull(made);
        var ours = made.Signers[0];
        log.Grow(4);
        await PostAsync(address, new WitnessRequest(4, log.Consistency(4), log.Checkpoint().With(ours.Sign(log.Checkpoint().Text))).ToBytes());
        using var health = await http.GetAsync(new Uri(address, "/health"), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("city.example/audit: This witness has cosigned 8 entries", await health.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_prints_the_verifier_key_once_and_never_makes_a_second_one()
    {
        var made = await Run.Of(["witness", "--init", "--name", "dept.example/w", "--data", "w", "--algorithm", "ed25519", "--algorithm", "sm2"], folder.Path);
        Assert.Equal(0, made.Exit);
        var keys = made.Out.TrimEnd().Split(Environment.NewLine).Select(VerifierKey.Parse).ToArray();
        Assert.Equal([NoteKeyType.Ed25519Cosignature, NoteKeyType.Sm2Cosignature], keys.Select(key => key.Type));
        Assert.Equal(made.Out, await File.ReadAllTextAsync(folder.File("w/vkeys"), Cancel));
        var again = await Run.Of(["witness", "--init", "--name", "dept.example/w", "--data", "w"], folder.Path);
        Assert.Equal(1, again.Exit);
        Assert.Contains("There is a witness", again.Error, StringComparison.Ordinal);

        // Interrupted before anybody was told of the key: made again, with the same key.
        File.Delete(folder.File("w/vkeys"));
        Assert.Equal(made.Out, (await Run.Of(["witness", "--init", "--name", "dept.example/w", "--data", "w", "--algorithm", "ed25519", "--algorithm", "sm2"], folder.Path)).Out);
    }

    [Theory]
    [InlineData("witness --data w", 2, "--log is missing")]
    [InlineData("witness --data w --log nothing", 1, "neither a file nor a verifier key")]
    [InlineData("witness --data w --log cut", 1, "cut line 2")]
    [InlineData("witness --data w --log VKEY", 1, "There is no witness")]
    [InlineData("witness --data w --log WITNESS", 1, "the key of a witness")]
    [InlineData("witness --data w --log VKEY --listen 8091", 2, "ADDRESS:PORT")]
    [InlineData("witness --init", 2, "--name is missing")]
    [InlineData("witness --init --name two+words", 1, "no spaces, plus signs")]
    [InlineData("witness --name w", 2, "go with --init")]
    public async Task What_cannot_be_done_is_said_in_a_sentence(string line, int exit, string says)
    {
        await File.WriteAllTextAsync(folder.File("cut"), $"# the city's log\n{log.Key.ToString()[..^9]}\n", Cancel);
        var witness = LedgerKeys.Signer("w", NoteKeyType.Ed25519Cosignature, 2).Verifier.ToString();
        var refused = await Run.Of([.. line.Split(' ').Select(word => word switch { "VKEY" => log.Key.ToString(), "WITNESS" => witness, _ => word })], folder.Path);
        Assert.Equal(exit, refused.Exit);
        Assert.Contains(says, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_logs_is_lines_of_keys_or_a_policy()
    {
        var other = LedgerKeys.Signer("other.example", NoteKeyType.Sm2, 3).Verifier;
        await File.WriteAllTextAsync(folder.File("lines"), $"# comment\r\n\r\n{log.Key}\r\nlog {other} http://x\n", Cancel);
        await File.WriteAllTextAsync(folder.File("policy"), $"log {other}\nquorum none\n", Cancel);
        Assert.True(LogList.Read([folder.File("lines"), folder.File("policy"), log.Key.ToString()], path => path).TryGet(out var logs, out _));
        Assert.Equal([log.Key.ToString(), other.ToString()], logs.Select(one => one.ToString()));
        await File.WriteAllBytesAsync(folder.File("policy"), Encoding.UTF8.GetBytes($"log {other}\nquorum nobody\n"), Cancel);
        Assert.Contains("Line 2", LogList.Read([folder.File("policy")], path => path).Problem?.Detail, StringComparison.Ordinal);
    }
}
