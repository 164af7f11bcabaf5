using System.Text;
using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Ledger.Witnesses;

public sealed class WitnessTests : IDisposable
{
    private const string Origin = "city.example/audit";
    private readonly TestFolder folder = new();
    private readonly FakeTimeProvider clock = new(LedgerKeys.Start);
    private readonly MemoryLog log = new(LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1));
    private readonly NoteSigner ours;
    private WitnessState state;

    public WitnessTests()
    {
        ours = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 2, clock);
        state = WitnessState.Create(folder.Path);
    }

    public void Dispose()
    {
        state.Dispose();
        folder.Dispose();
    }

    private Witness Make(params VerifierKey[] logs) => new(state, [ours], logs.Length > 0 ? logs : [log.Key]);

    private Witness Again()
    {
        state.Dispose();
        state = WitnessState.Open(folder.Path);
        return Make();
    }

    [Fact]
    public void A_growing_log_is_cosigned_at_each_step_and_after_each_restart()
    {
        var witness = Make();
        long known = 0;
        foreach (var step in new[] { 1, 1, 6, 0, 92, 156, 1, 700 })
        {
            log.Grow(step);
            clock.Advance(TimeSpan.FromSeconds(1));
            var request = log.Request(known);
            var answer = witness.Add(request.ToBytes());
            Assert.True(answer.Cosigned, answer.Body);
            Assert.True(NoteSignature.TryParse(answer.Body.TrimEnd('\n'), out var line, out _));
            Assert.True(ours.Verifier.Verify(Encoding.UTF8.GetBytes(request.Note.Text), line, out var time));
            Assert.Equal(clock.GetUtcNow().ToUnixTimeSeconds(), time);
            known = log.Size;
            witness = Again();
        }

        witness.Load();
        var one = Assert.Single(witness.Logs);
        Assert.Null(one.Fault);
        Assert.Equal(log.Size, Checkpoint.Parse(one.Latest?.Text ?? "").Size);
        Assert.Equal(2, one.Latest?.Signatures.Count);
        Assert.Same(one, witness.Find(WitnessState.NameOf(Origin)));
    }

    [Fact]
    public void The_answers_are_those_of_the_specification()
    {
        var witness = Make();
        log.Grow(20);
        var stranger = new MemoryLog(LedgerKeys.Signer("other.example/log", NoteKeyType.Ed25519, 3)).Grow(3);
        var thief = new MemoryLog(LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 4)).Grow(3);
        Assert.Equal(400, witness.Add("old 0\n"u8).Status);
        Assert.Equal(404, witness.Add(stranger.Request(0).ToBytes()).Status);
        Assert.Equal(403, witness.Add(thief.Request(0).ToBytes()).Status);
        Assert.Equal(400, witness.Add(new WitnessRequest(11, [], log.Checkpoint(10)).ToBytes()).Status);
        Assert.Equal(422, witness.Add(new WitnessRequest(0, [new byte[32]], log.Checkpoint(10)).ToBytes()).Status);
        Assert.Equal((409, "0\n"), (witness.Add(log.Request(5, 10).ToBytes()).Status, witness.Add(log.Request(5, 10).ToBytes()).Body));
        Assert.Equal(200, witness.Add(log.Request(0, 10).ToBytes()).Status);

        var behind = witness.Add(log.Request(9, 12).ToBytes());
        Assert.Equal((409, "text/x.tlog.size", "10\n"), (behind.Status, behind.ContentType, behind.Body));
        Assert.Equal(409, witness.Add(log.Request(0, 12).ToBytes()).Status);
        Assert.Equal(422, witness.Add(new WitnessRequest(10, [], log.Checkpoint(12)).ToBytes()).Status);
        Assert.Equal(422, witness.Add(new WitnessRequest(10, log.Consistency(9, 12), log.Checkpoint(12)).ToBytes()).Status);
        Assert.Equal(422, witness.Add(new WitnessRequest(10, [new byte[32]], log.Checkpoint(10)).ToBytes()).Status);
        Assert.Equal(200, witness.Add(log.Request(10, 10).ToBytes()).Status);
        Assert.Equal(200, witness.Add(log.Request(10, 12).ToBytes()).Status);

        // Backwards, with the right old size and with the old one.
        Assert.Equal(400, witness.Add(new WitnessRequest(12, [], log.Checkpoint(10)).ToBytes()).Status);
        Assert.Equal((409, "12\n"), (witness.Add(log.Request(10, 10).ToBytes()).Status, witness.Add(log.Request(10, 10).ToBytes()).Body));
    }

    [Fact]
    public void Sideways_is_refused_and_kept_as_evidence_against_the_log()
    {
        var witness = Make();
        log.Grow(10);
        var fork = new MemoryLog(LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1), "another").Grow(10);
        Assert.Equal(200, witness.Add(log.Request(0).ToBytes()).Status);
        Assert.Equal(422, witness.Add(fork.Request(10).ToBytes()).Status);
        fork.Grow(5);
        Assert.Equal(422, witness.Add(fork.Request(10).ToBytes()).Status);
        witness = Again();
        witness.Load();
        var kept = Assert.Single(witness.Logs).Evidence;
        Assert.Contains(log.Checkpoint().Text, kept, StringComparison.Ordinal);
        Assert.Contains(fork.Checkpoint(10).Text, kept, StringComparison.Ordinal);

        // The log can go on as it began.
        log.Grow(1);
        Assert.Equal(200, witness.Add(log.Request(10).ToBytes()).Status);
    }

    [Fact]
    public void An_empty_tree_has_the_hash_of_nothing_as_its_root()
    {
        var witness = Make();
        Assert.Equal(200, witness.Add(log.Request(0).ToBytes()).Status);
        var signer = LedgerKeys.Signer("odd.example/log", NoteKeyType.Ed25519, 9);
        var odd = new WitnessRequest(0, [], SignedNote.Sign(new Checkpoint("odd.example/log", 0, new byte[32]).Body, signer));
        Assert.Equal(422, Make(signer.Verifier).Add(odd.ToBytes()).Status);
    }

    [Fact]
    public void A_known_key_whose_signature_is_bad_refuses_the_note_even_beside_a_good_one()
    {
        var witness = Make();
        log.Grow(3);
        var note = log.Checkpoint();
        var bad = note.Signatures[0] with { Bytes = [.. note.Signatures[0].Bytes.Reverse()] };
        Assert.Equal(403, witness.Add(new WitnessRequest(0, [], note.With(bad)).ToBytes()).Status);
        var unknown = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 44).Sign(note.Text);
        Assert.Equal(200, witness.Add(new WitnessRequest(0, [], note.With(unknown)).ToBytes()).Status);
        Assert.DoesNotContain(unknown, Assert.Single(witness.Logs).Latest?.Signatures ?? []);
    }

    [Fact]
    public void A_log_that_changes_its_key_is_known_by_both()
    {
        var next = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 5);
        var witness = Make(log.Key, next.Verifier);
        log.Grow(4);
        Assert.Equal(200, witness.Add(log.Request(0).ToBytes()).Status);
        Assert.Equal(200, witness.Add(new MemoryLog(next).Grow(6).Request(4).ToBytes()).Status);
    }

    [Fact]
    public void One_answer_has_a_line_of_each_key_of_the_suite()
    {
        var quantum = LedgerKeys.Signer("dept.example/pq", NoteKeyType.MlDsa44Cosignature, 6, clock);
        var sm2 = LedgerKeys.Signer("dept.example/gm", NoteKeyType.Sm2Cosignature, 7, clock);
        var gm = new MemoryLog(LedgerKeys.Signer("city.example/audit/sm3", NoteKeyType.Sm2, 8)).Grow(5);
        var witness = new Witness(state, [ours, quantum, sm2], [log.Key, gm.Key]);
        log.Grow(5);
        Assert.Equal([ours.Verifier.Name, quantum.Verifier.Name], Verified(witness.Add(log.Request(0).ToBytes()), log.Checkpoint(), ours, quantum, sm2));
        Assert.Equal([sm2.Verifier.Name], Verified(witness.Add(gm.Request(0).ToBytes()), gm.Checkpoint(), ours, quantum, sm2));
        Assert.Throws<ArgumentException>(() => new Witness(state, [ours], [gm.Key]));
        Assert.Throws<ArgumentException>(() => new Witness(state, [LedgerKeys.Signer("x", NoteKeyType.Ed25519, 1)], [log.Key]));
    }

    private static string[] Verified(WitnessAnswer answer, SignedNote note, params NoteSigner[] keys)
    {
        Assert.True(answer.Cosigned, answer.Body);
        var all = SignedNote.Parse(Encoding.UTF8.GetBytes(note + answer.Body));
        Assert.True(all.TryVerify(keys.Select(key => key.Verifier), out var verified, out var why), why);
        return [.. verified.Select(one => one.Key.Name)];
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_make_a_later_word_look_earlier()
    {
        log.Grow(1);
        Make().Add(log.Request(0).ToBytes());
        var before = clock.GetUtcNow().ToUnixTimeSeconds();
        var slow = LedgerKeys.Signer(ours.Verifier.Name, NoteKeyType.Ed25519Cosignature, 2, new FakeTimeProvider(LedgerKeys.Start.AddDays(-1)));
        var witness = new Witness(state, [slow], [log.Key]);
        log.Grow(1);
        var answer = witness.Add(log.Request(1).ToBytes());
        Assert.True(NoteSignature.TryParse(answer.Body.TrimEnd('\n'), out var line, out _));
        Assert.True(ours.Verifier.Verify(Encoding.UTF8.GetBytes(log.Checkpoint().Text), line, out var time));
        Assert.Equal(before, time);
    }

    [Fact]
    public async Task Of_many_at_once_exactly_one_fork_is_cosigned()
    {
        log.Grow(10);
        var forks = Enumerable.Range(0, 8).Select(i => new MemoryLog(LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1)).Grow(10).Grow(5, $"fork {i}")).ToArray();
        var witness = Make();
        Assert.Equal(200, witness.Add(log.Request(0).ToBytes()).Status);
        using var start = new ManualResetEventSlim();
        var tasks = forks.Select(fork => Task.Run(() =>
        {
            var body = fork.Request(10).ToBytes();
            start.Wait();
            return witness.Add(body).Status;
        })).ToArray();
        start.Set();
        var statuses = await Task.WhenAll(tasks);
        Assert.Equal(1, statuses.Count(status => status == 200));
        Assert.Equal(7, statuses.Count(status => status == 409));
    }

    [Fact]
    public void Readers_accept_only_what_they_would_write_and_answer_everything()
    {
        var random = new Random(7);
        log.Grow(10);
        var witness = Make();
        witness.Add(log.Request(0, 5).ToBytes());
        var from = log.Request(5).ToBytes();
        var accepted = 0;
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = Mutations.Change(random, from);
            if (bytes.AsSpan().SequenceEqual(from))
                continue;
            if (WitnessRequest.TryParse(bytes, out var request, out _))
            {
                Assert.True(request.ToBytes().AsSpan().SequenceEqual(bytes));
                accepted++;
            }

            Assert.InRange(witness.Add(bytes).Status, 400, 499);
        }

        Assert.InRange(accepted, 10, 4_900);
    }

    [Theory]
    [InlineData("old 5\n", "old 05\n")]
    [InlineData("old 5\n", "old -5\n")]
    [InlineData("old 5\n", "Old 5\n")]
    [InlineData("old 5\n", "old 5 \n")]
    [InlineData("old 5\n", "old 5\nAAAA\n")]
    [InlineData("old 5\n", "")]
    [InlineData("\n10\n", "\n10\n10\n")]
    public void What_is_not_a_request_is_refused_with_a_reason(string old, string with)
    {
        var text = Encoding.UTF8.GetString(log.Grow(10).Request(5).ToBytes());
        Assert.True(WitnessRequest.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));
        Assert.False(WitnessRequest.TryParse(Encoding.UTF8.GetBytes(text.Replace(old, with, StringComparison.Ordinal)), out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Sixty_three_hashes_are_read_and_sixty_four_are_not()
    {
        var line = Convert.ToBase64String(new byte[32]) + "\n";
        var tail = "\n" + log.Grow(10).Checkpoint();
        Assert.True(WitnessRequest.TryParse(Encoding.UTF8.GetBytes("old 1\n" + string.Concat(Enumerable.Repeat(line, 63)) + tail), out _, out _));
        Assert.False(WitnessRequest.TryParse(Encoding.UTF8.GetBytes("old 1\n" + string.Concat(Enumerable.Repeat(line, 64)) + tail), out _, out _));
    }
}
