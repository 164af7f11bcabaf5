using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Ledger.Witnesses;

public sealed class WitnessClientTests : IAsyncDisposable
{
    private const string Origin = "city.example/audit";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), Grace = TimeSpan.FromSeconds(20);
    private readonly NoteSigner logKey = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1);
    private readonly MemoryLog log;
    private readonly HttpClient http = new();
    private readonly List<One> witnesses = [];

    public WitnessClientTests() => log = new MemoryLog(logKey);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var one in witnesses)
            await one.DisposeAsync();
    }

    /// <summary>A witness with its disk and its socket; <see cref="Answer"/> may be made dishonest.</summary>
    private sealed class One : IAsyncDisposable
    {
        public required NoteSigner Key { get; init; }

        public TestFolder Folder { get; } = new();

        public required WitnessState State { get; set; }

        public required Witness Witness { get; set; }

        public Func<byte[], Task<(int, string, string)>>? Answer { get; set; }

        public Door Door { get => door ?? throw new InvalidOperationException(); set => door = value; }

        private Door? door;

        public (int, string, string) Honest(byte[] body)
        {
            var answer = Witness.Add(body);
            return (answer.Status, answer.ContentType, answer.Body);
        }

        public async ValueTask DisposeAsync()
        {
            await Door.DisposeAsync();
            State.Dispose();
            Folder.Dispose();
        }
    }

    private async Task<One> StartAsync(byte seed)
    {
        var folder = new TestFolder();
        var state = WitnessState.Create(folder.Path);
        var key = LedgerKeys.Signer($"dept{seed}.example/w", NoteKeyType.Ed25519Cosignature, seed);
        var one = new One { Key = key, State = state, Witness = new Witness(state, [key], [logKey.Verifier]) };
        one.Door = await Door.OpenAsync(body => one.Answer is { } answer ? answer(body) : Task.FromResult(one.Honest(body)));
        witnesses.Add(one);
        return one;
    }

    private WitnessPolicy Policy(int needed) => WitnessPolicy.Parse(
        $"log {logKey.Verifier}\n" + string.Concat(witnesses.Select((one, i) => $"witness w{i} {one.Key.Verifier} {one.Door.Url}\n"))
        + $"group all {needed} {string.Join(' ', witnesses.Select((_, i) => $"w{i}"))}\nquorum all\n");

    private WitnessClient Client(int needed, TimeProvider? clock = null, TimeSpan? grace = null) => new(Policy(needed), http, clock ?? TimeProvider.System, Patience, grace ?? Grace);

    private Task<WitnessRound> AskAsync(WitnessClient client, MemoryLog? of = null, long? size = null) =>
        client.CosignAsync((of ?? log).Checkpoint(size), old => (of ?? log).Consistency(old, size), TestContext.Current.CancellationToken);

    [Fact]
    public async Task Four_witnesses_cosign_a_growing_log_and_a_new_client_finds_where_they_are()
    {
        for (byte seed = 2; seed < 6; seed++)
            await StartAsync(seed);
        var client = Client(3);
        foreach (var step in new[] { 3, 1, 200, 0 })
        {
            log.Grow(step);
            var round = await AskAsync(client);
            Assert.True(round.Met);
            Assert.Equal("", round.Missing);
            Assert.Equal(4, Policy(4).Evaluate(round.Note).Cosignatures.Count);
            Assert.True(Policy(4).Evaluate(round.Note).Accepted);
        }

        var asked = witnesses[0].Door.Asked;
        Assert.Equal(4, asked); // one request a round: the first began at nothing, the others where the last one ended
        log.Grow(1);
        Assert.Equal("", (await AskAsync(Client(4))).Missing);
        Assert.Equal(asked + 2, witnesses[0].Door.Asked); // a 409, and again from there
    }

    [Fact]
    public async Task Two_faces_of_a_log_shown_to_two_witnesses_never_both_find_a_quorum()
    {
        for (byte seed = 2; seed < 6; seed++)
            await StartAsync(seed);
        log.Grow(100);
        var policy = Policy(3);
        Assert.Equal("", (await AskAsync(Client(3))).Missing);
        var left = log.Fork(100).Grow(10, "left");
        var right = log.Fork(100).Grow(10, "right");

        // The log shows one face to half of them and the other one to the other half, then each to all.
        foreach (var (one, face) in witnesses.Zip([left, left, right, right]))
            Assert.Equal(200, one.Witness.Add(face.Request(100).ToBytes()).Status);
        var (a, b) = (await AskAsync(Client(3), left), await AskAsync(Client(3), right));
        Assert.False(policy.Evaluate(a.Note).Accepted);
        Assert.False(policy.Evaluate(b.Note).Accepted);
        Assert.All(a.Outcomes.Skip(2).Concat(b.Outcomes.Take(2)), outcome => Assert.True(outcome.Serious));
        Assert.Contains("another root", a.Missing, StringComparison.Ordinal);
        Assert.All(witnesses, one => Assert.NotNull(Assert.Single(one.Witness.Logs).Evidence));
    }

    [Theory]
    [InlineData("nothing", "without a cosignature")]
    [InlineData("rubbish", "not a signature")]
    [InlineData("wrong key", "without a cosignature")]
    [InlineData("its name with another key's signature", "not good")]
    [InlineData("another root", "not good")]
    [InlineData("no time", "not good")]
    [InlineData("too long", "more than")]
    [InlineData("409 without a size", "without the size")]
    [InlineData("409 for ever", "changed at each attempt")]
    [InlineData("409 above", "the log was set back")]
    [InlineData("500", "500")]
    [InlineData("hang up", "cannot be reached")]
    public async Task A_rogue_witness_is_not_believed_and_the_others_are_enough(string trick, string why)
    {
        for (byte seed = 2; seed < 6; seed++)
            await StartAsync(seed);
        log.Grow(10);
        var rogue = witnesses[1];
        var turns = 0;
        rogue.Answer = body =>
        {
            Assert.True(WitnessRequest.TryParse(body, out var request, out _));
            var (text, other) = (request.Note.Text, log.Fork(5).Grow(5, "lie").Checkpoint().Text);
            var good = rogue.Key.Sign(text);
            const string plain = "text/plain";
            return Task.FromResult(trick switch
            {
                "nothing" => (200, plain, ""),
                "rubbish" => (200, plain, "yes, of course\n"),
                "wrong key" => (200, plain, LedgerKeys.Signer("someone.example", NoteKeyType.Ed25519Cosignature, 99).Sign(text).Line + "\n"),
                "its name with another key's signature" => (200, plain, (good with { Bytes = LedgerKeys.Signer("someone.example", NoteKeyType.Ed25519Cosignature, 99).Sign(text).Bytes }).Line + "\n"),
                "another root" => (200, plain, rogue.Key.Sign(other).Line + "\n"),
                "no time" => (200, plain, (good with { Bytes = [.. new byte[8], .. good.Bytes[8..]] }).Line + "\n"),
                "too long" => (200, plain, new string('x', 100_000)),
                "409 without a size" => (409, plain, "10\n"),
                "409 for ever" => (409, WitnessAnswer.SizeType, $"{++turns % 5}\n"),
                "409 above" => (409, WitnessAnswer.SizeType, "11\n"),
                "500" => (500, plain, "no\n"),
                _ => throw new IOException(trick),
            });
        };
        if (trick == "hang up")
            await rogue.Door.DisposeAsync();

        var round = await AskAsync(Client(3));

        Assert.True(round.Met);
        Assert.Equal(3, Policy(3).Evaluate(round.Note).Cosignatures.Count);
        Assert.Contains("w1: ", round.Missing, StringComparison.Ordinal);
        Assert.Contains(why, round.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_witness_is_waited_for_only_while_the_quorum_needs_it()
    {
        for (byte seed = 2; seed < 6; seed++)
            await StartAsync(seed);
        log.Grow(10);
        var never = new TaskCompletionSource<(int, string, string)>();
        witnesses[3].Answer = _ => never.Task;
        var round = await AskAsync(Client(3, grace: TimeSpan.Zero));
        Assert.True(round.Met);
        Assert.Contains("w3: it has not answered in time", round.Missing, StringComparison.Ordinal);

        witnesses[2].Answer = _ => never.Task;
        var clock = new FakeTimeProvider(LedgerKeys.Start);
        var waiting = AskAsync(Client(3, clock));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        clock.Advance(Patience);
        round = await waiting;
        Assert.False(round.Met);
        Assert.Equal(2, round.Outcomes.Count(one => one.Cosigned));
    }

    [Fact]
    public async Task A_witness_whose_disk_was_set_back_is_told_shown_its_word_and_stops()
    {
        for (byte seed = 2; seed < 5; seed++)
            await StartAsync(seed);
        log.Grow(10);
        var client = Client(2);
        await AskAsync(client);
        var one = witnesses[0];
        one.State.Dispose();
        Replay(one, log.Request(0, 5));
        log.Grow(10);

        var round = await AskAsync(client);

        Assert.True(round.Met);
        Assert.Contains("its memory was set back", round.Missing, StringComparison.Ordinal);
        Assert.Contains("has cosigned 10 entries", Assert.Single(one.Witness.Logs).Fault, StringComparison.Ordinal);
        round = await AskAsync(client);
        Assert.Contains("w0: it answered 503", round.Missing, StringComparison.Ordinal);

        static void Replay(One one, WitnessRequest request)
        {
            one.State = WitnessState.Create(Path.Combine(one.Folder.Path, "restored"));
            one.Witness = new Witness(one.State, [one.Key], [.. one.Witness.Logs.SelectMany(log => log.Keys)]);
            Assert.Equal(200, one.Witness.Add(request.ToBytes()).Status);
        }
    }

    [Fact]
    public async Task After_a_restart_of_the_log_what_it_published_tells_which_witness_forgot()
    {
        await StartAsync(2);
        log.Grow(10);
        var published = (await AskAsync(Client(1))).Note;
        var one = witnesses[0];
        one.State.Dispose();
        one.State = WitnessState.Create(Path.Combine(one.Folder.Path, "restored"));
        one.Witness = new Witness(one.State, [one.Key], [logKey.Verifier]);
        log.Grow(1);
        var client = Client(1);
        client.Remember(published);
        Assert.Contains("its memory was set back", (await AskAsync(client)).Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_checkpoint_is_not_brought_to_a_witness_that_knows_a_later_one()
    {
        await StartAsync(2);
        log.Grow(10);
        var client = Client(1);
        await AskAsync(client);
        Assert.Contains("has cosigned 10 entries already", (await AskAsync(client, size: 5)).Missing, StringComparison.Ordinal);
        Assert.Contains("the log was set back", (await AskAsync(Client(1), size: 5)).Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_witness_without_an_address_or_with_a_strange_one_is_named()
    {
        var one = await StartAsync(2);
        var key = LedgerKeys.Signer("x.example/w", NoteKeyType.Ed25519Cosignature, 50).Verifier;
        var policy = WitnessPolicy.Parse($"log {logKey.Verifier}\nwitness a {one.Key.Verifier}\nwitness b {key} file:///etc/passwd\nquorum a\n");
        log.Grow(1);
        var round = await AskAsync(new WitnessClient(policy, http, TimeProvider.System, Patience, Grace));
        Assert.Equal("a: the policy has no address for it; b: its address \"file:///etc/passwd\" is not one of http or https", round.Missing);
        Assert.False(round.Met);
    }
}
