using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;
using CsCheck;

namespace CityHub.Tests.Ledger.Witnesses;

/// <summary>A log that lies to four witnesses of whom three make the quorum, and witnesses that lie: however it is done, no quorum is for two truths, and it is said by whom.</summary>
public sealed class TwoFacesTests : IDisposable
{
    private const string Origin = "city.example/audit";
    private static readonly NoteSigner LogKey = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1);
    private readonly List<(TestFolder Folder, WitnessState State)> states = [];

    public void Dispose()
    {
        foreach (var (folder, state) in states)
        {
            state.Dispose();
            folder.Dispose();
        }
    }

    private static NoteSigner KeyOf(int number) => LedgerKeys.Signer($"dept{number}.example/w", NoteKeyType.Ed25519Cosignature, (byte)(number + 2));

    private static readonly WitnessPolicy Policy = WitnessPolicy.Parse(
        $"log {LogKey.Verifier}\n" + string.Concat(Enumerable.Range(0, 4).Select(i => $"witness w{i} {KeyOf(i).Verifier}\n")) + "group all 3 w0 w1 w2 w3\nquorum all\n");

    private Witness[] Four()
    {
        var four = new Witness[4];
        for (var i = 0; i < four.Length; i++)
        {
            var folder = new TestFolder();
            var state = WitnessState.Create(folder.Path);
            states.Add((folder, state));
            four[i] = new Witness(state, [KeyOf(i)], [LogKey.Verifier]);
        }

        return four;
    }

    private void Forget()
    {
        Dispose();
        states.Clear();
    }

    private static SignedNote With(SignedNote note, WitnessAnswer answer) =>
        answer.Cosigned ? SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(note + answer.Body)) : note;

    [Fact]
    public void Two_faces_of_a_log_never_both_get_a_quorum_and_the_witness_that_saw_the_other_one_says_so()
    {
        var cases =
            from common in Gen.Int[0, 40]
            from truth in Gen.Int[1, 40]
            from lie in Gen.Int[1, 40]
            from order in Gen.Int[0, 15]
            select (common, truth, lie, order);
        cases.Sample(
            one =>
            {
                var four = Four();
                var truth = new MemoryLog(LogKey).Grow(one.common + one.truth);
                var lie = truth.Fork(one.common).Grow(one.lie, "lie");
                if (one.common > 0)
                    foreach (var witness in four)
                        Assert.True(witness.Add(truth.Request(0, one.common).ToBytes()).Cosigned);
                var (first, second) = (truth.Checkpoint(), lie.Checkpoint());
                for (var i = 0; i < 4; i++)
                {
                    // Each witness sees one face first and is then asked for the other, from what it has seen and from what was common.
                    var liarFirst = (one.order >> i & 1) == 1;
                    var (shown, hidden) = liarFirst ? (lie, truth) : (truth, lie);
                    var seen = four[i].Add(shown.Request(one.common).ToBytes());
                    Assert.True(seen.Cosigned, seen.Body);
                    (first, second) = liarFirst ? (first, With(second, seen)) : (With(first, seen), second);
                    foreach (var old in new[] { one.common, shown.Size, Math.Min(shown.Size, hidden.Size) })
                    {
                        if (old > hidden.Size)
                            continue;
                        var answer = four[i].Add(hidden.Request(old).ToBytes());
                        Assert.False(answer.Cosigned);
                        Assert.Contains(answer.Status, new[] { 409, 422 });
                        if (answer.Status == 409)
                            Assert.StartsWith($"{shown.Size}", answer.Body, StringComparison.Ordinal);
                    }
                }

                Assert.False(Policy.Evaluate(first).Accepted && Policy.Evaluate(second).Accepted);
                Assert.Equal(4, Policy.Evaluate(first).Cosignatures.Count + Policy.Evaluate(second).Cosignatures.Count);
                Forget();
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public void A_checkpoint_that_is_shown_again_or_a_log_that_was_set_back_is_refused_with_the_size_that_was_seen()
    {
        var four = Four();
        var log = new MemoryLog(LogKey).Grow(1);
        long seen = 0;
        for (var round = 0; round < 120; round++)
        {
            Assert.True(four[0].Add(log.Request(seen).ToBytes()).Cosigned);
            seen = log.Size;
            var back = 1 + round * 7919 % seen;
            if (back < seen)
            {
                // An older checkpoint, as it was and with every claim of what was seen before.
                foreach (var old in new[] { 0, back / 2, back })
                {
                    var answer = four[0].Add(log.Request(old, back).ToBytes());
                    Assert.Equal((409, $"{seen}\n"), (answer.Status, answer.Body));
                }

                // Set back to there, and grown into another history up to the same size and beyond it.
                foreach (var grown in new[] { seen - back, seen - back + 3 })
                    Assert.Equal(422, four[0].Add(new WitnessRequest(seen, [], log.Fork(back).Grow((int)grown, "other").Checkpoint()).ToBytes()).Status);
            }

            log.Grow(1 + round % 3);
        }
    }

    [Fact]
    public void A_rogue_witness_is_not_counted_whatever_it_signs()
    {
        var truth = new MemoryLog(LogKey).Grow(50);
        var note = truth.Checkpoint();
        var honest = note.With(KeyOf(0).Sign(note.Text)).With(KeyOf(1).Sign(note.Text));
        Assert.False(Policy.Evaluate(honest).Accepted);
        Assert.True(Policy.Evaluate(honest.With(KeyOf(3).Sign(note.Text))).Accepted);
        var good = KeyOf(2).Sign(note.Text);
        var lies =
            from kind in Gen.Int[0, 3]
            from at in Gen.Int[0, 1_000]
            from bit in Gen.Int[0, 7]
            select (kind, at, bit);
        lies.Sample(
            lie =>
            {
                var signature = lie.kind switch
                {
                    // Another checkpoint of the log, another key under its name, another witness's, a bit of it.
                    0 => KeyOf(2).Sign(truth.Fork(40).Grow(10, "lie").Checkpoint().Text),
                    1 => LedgerKeys.Signer("dept2.example/w", NoteKeyType.Ed25519Cosignature, 99).Sign(note.Text),
                    2 => KeyOf(0).Sign(note.Text),
                    _ => good with { Bytes = Flip(good.Bytes, lie.at, lie.bit) },
                };
                var verdict = Policy.Evaluate(honest.With(signature));
                Assert.False(verdict.Accepted);
                Assert.DoesNotContain(verdict.Cosignatures, one => one.Witness == "w2");
                Assert.NotNull(verdict.Why);
            },
            iter: 150,
            threads: 1);
    }

    private static byte[] Flip(byte[] bytes, int at, int bit)
    {
        byte[] flipped = [.. bytes];
        flipped[at % bytes.Length] ^= (byte)(1 << bit);
        return flipped;
    }
}
