using System.Text;
using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Witnesses;

public sealed class WitnessStateTests : IDisposable
{
    private const string Origin = "city.example/audit";
    private static readonly NoteSigner Signer = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1);
    private static readonly NoteSigner Ours = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 2);
    private readonly TestFolder first = new();
    private readonly TestFolder second = new();
    private readonly MemoryLog log = new(Signer);

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    private static Witness On(WitnessState state)
    {
        var witness = new Witness(state, [Ours], [Signer.Verifier]);
        witness.Load();
        return witness;
    }

    private string File => Path.Combine(first.Path, WitnessState.NameOf(Origin) + ".checkpoint");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Killed_at_any_step_it_never_signs_two_roots_for_one_size(int copies)
    {
        string[] folders = copies == 1 ? [first.Path] : [first.Path, second.Path];
        WitnessState.Create(folders).Dispose();
        var released = new Dictionary<long, string>();
        var (points, kept, lost) = (0, 0, 0);
        long known = 0;
        var current = log.Grow(1);
        for (var killAt = 0; killAt < 300; killAt++)
        {
            // The process ends at one step of the write; the next one begins with what the disk has and is shown another root for the same size.
            using (var state = WitnessState.Open(folders))
            {
                var witness = On(state);
                Assert.Null(Assert.Single(witness.Logs).Fault);
                var left = killAt % (killAt < 40 ? 24 : 6 * copies);
                state.Step = _ =>
                {
                    if (left-- == 0)
                        throw new KilledException();
                };
                try
                {
                    Release(witness.Add(current.Request(known).ToBytes()), current);
                }
                catch (KilledException)
                {
                    points++;
                }
            }

            using (var state = WitnessState.Open(folders))
            {
                var witness = On(state);
                var remembers = Assert.Single(witness.Logs).Latest is { } latest ? Checkpoint.Parse(latest.Text).Size : 0;
                Assert.True(remembers == known || remembers == current.Size, $"{remembers} is neither {known} nor {current.Size}");
                Assert.True(released.Count == 0 || remembers >= released.Keys.Max(), "A released cosignature was forgotten.");

                var liar = current.Fork(known).Grow((int)(current.Size - known), $"lie {killAt}");
                var answer = witness.Add(liar.Request(remembers).ToBytes());
                if (remembers == current.Size)
                {
                    kept++;
                    Assert.Equal(422, answer.Status);
                    Release(witness.Add(current.Request(remembers).ToBytes()), current);
                    known = current.Size;
                    current.Grow(1);
                }
                else
                {
                    // Nothing of the first fork has left, so that this one may be the truth.
                    lost++;
                    Release(answer, liar);
                    Assert.Equal(422, witness.Add(current.Request(liar.Size).ToBytes()).Status);
                    known = liar.Size;
                    current = liar.Grow(1);
                }
            }
        }

        Assert.True(points >= 250, $"{points}");
        Assert.True(kept >= 20, $"{kept}");
        Assert.True(lost >= 20, $"{lost}");

        void Release(WitnessAnswer answer, MemoryLog of)
        {
            Assert.True(answer.Cosigned, answer.Body);
            var root = Convert.ToHexString(Checkpoint.Parse(of.Checkpoint().Text).Root);
            Assert.True(!released.TryGetValue(of.Size, out var before) || before == root, $"Two roots for {of.Size} entries.");
            released[of.Size] = root;
        }
    }

    [Fact]
    public void A_disk_that_is_full_refuses_and_the_next_request_goes_on()
    {
        using var state = WitnessState.Create(first.Path);
        var witness = On(state);
        log.Grow(5);
        foreach (var where in new[] { "write", "half", "sync", "rename", "sync folder", "done" })
        {
            var size = log.Size;
            log.Grow(1);
            state.Step = step =>
            {
                if (step == where)
                    throw new IOException("No space left on device");
            };
            var remembers = Assert.Single(witness.Logs).Latest is { } before ? Checkpoint.Parse(before.Text).Size : 0;
            Assert.Equal(503, witness.Add(log.Request(remembers).ToBytes()).Status);
            state.Step = null;
            var again = witness.Add(log.Request(remembers).ToBytes());
            if (again.Status == 409)
                again = witness.Add(log.Request(long.Parse(again.Body, System.Globalization.CultureInfo.InvariantCulture)).ToBytes());
            Assert.Equal(200, again.Status);
        }
    }

    [Fact]
    public void A_second_process_is_refused()
    {
        using var state = WitnessState.Create(first.Path);
        Assert.Contains("Another process", Assert.Throws<WitnessException>(() => WitnessState.Open(first.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lost_memory_is_not_a_new_beginning()
    {
        Fill(3);
        Assert.Contains("not empty", Assert.Throws<WitnessException>(() => WitnessState.Create(first.Path)).Message, StringComparison.Ordinal);
        System.IO.File.Delete(File);
        using (var state = WitnessState.Open(first.Path))
        {
            var witness = On(state);
            Assert.Contains("was lost", Assert.Single(witness.Logs).Fault, StringComparison.Ordinal);
            Assert.Equal(503, witness.Add(log.Request(0).ToBytes()).Status);
        }

        System.IO.File.Delete(Path.Combine(first.Path, "origins"));
        Assert.Contains("new key", Assert.Throws<WitnessException>(() => WitnessState.Open(first.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_memory_is_told_at_every_byte()
    {
        Fill(3);
        var bytes = System.IO.File.ReadAllBytes(File);
        var text = Encoding.UTF8.GetString(bytes);
        var untouched = text.IndexOf("\n\n", StringComparison.Ordinal) + 2;
        var end = text.IndexOf('\n', untouched);
        var found = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            System.IO.File.WriteAllBytes(File, bytes);
            bytes[i] ^= 1;
            using var state = WitnessState.Open(first.Path);
            var one = Assert.Single(On(state).Logs);
            if (one.Fault is not null)
                found++;
            else
                Assert.True(log.Checkpoint().Text == one.Latest?.Text, $"byte {i}"); // only the log's signature, which ours does not cover, was changed
        }

        Assert.InRange(found, bytes.Length - (Encoding.UTF8.GetByteCount(text[untouched..end])), bytes.Length);
    }

    [Fact]
    public void A_memory_that_was_set_back_is_told_when_its_own_cosignature_is_shown()
    {
        var old = Fill(10);
        var later = Fill(20);
        System.IO.File.WriteAllBytes(File, old);
        using (var state = WitnessState.Open(first.Path))
        {
            var witness = On(state);
            Assert.Null(Assert.Single(witness.Logs).Fault); // nothing on this disk can tell
            var answer = witness.Add(new WitnessRequest(0, [], SignedNote.Parse(later)).ToBytes());
            Assert.Equal(503, answer.Status);
            Assert.Contains("set back", answer.Body, StringComparison.Ordinal);
            Assert.Equal(503, witness.Add(log.Request(10).ToBytes()).Status);
        }

        using (var state = WitnessState.Open(first.Path))
            Assert.Contains("has cosigned 20 entries", Assert.Single(On(state).Logs).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_used_elsewhere_too_is_told_when_the_other_word_is_shown()
    {
        Fill(10);
        var liar = log.Fork(5).Grow(5, "lie");
        var other = liar.Checkpoint().With(Ours.Sign(liar.Checkpoint().Text));
        using var state = WitnessState.Open(first.Path);
        var witness = On(state);
        Assert.Equal(503, witness.Add(new WitnessRequest(10, [], other).ToBytes()).Status);
        Assert.Equal(503, witness.Add(log.Request(10).ToBytes()).Status);

        // A forged cosignature has no such power.
        Assert.Contains("signs no more", Assert.Single(witness.Logs).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_forged_cosignature_does_not_stop_a_witness()
    {
        var note = SignedNote.Parse(Fill(10));
        log.Grow(5);
        var forged = log.Checkpoint().With(note.Signatures[^1]);
        using var state = WitnessState.Open(first.Path);
        var witness = On(state);
        Assert.Equal(409, witness.Add(new WitnessRequest(0, [], forged).ToBytes()).Status);
        Assert.Equal(200, witness.Add(new WitnessRequest(10, log.Consistency(10), forged).ToBytes()).Status);
    }

    [Fact]
    public void Of_two_folders_the_one_that_was_set_back_is_told_and_made_good()
    {
        string[] folders = [first.Path, second.Path];
        WitnessState.Create(folders).Dispose();
        Fill(10, folders);
        var old = System.IO.File.ReadAllBytes(File);
        Fill(20, folders);
        System.IO.File.WriteAllBytes(File, old);
        using (var state = WitnessState.Open(folders))
        {
            var witness = On(state);
            var one = Assert.Single(witness.Logs);
            Assert.Null(one.Fault);
            Assert.Contains("had forgotten", one.Repair, StringComparison.Ordinal);
            Assert.Equal("20\n", witness.Add(log.Request(10).ToBytes()).Body);
        }

        using (var state = WitnessState.Open(first.Path))
            Assert.Equal(20, Checkpoint.Parse(Assert.Single(On(state).Logs).Latest?.Text ?? "").Size);
    }

    [Fact]
    public void Two_folders_with_two_truths_stop_the_witness()
    {
        WitnessState.Create(first.Path).Dispose();
        WitnessState.Create(second.Path).Dispose();
        Fill(10);
        var liar = new MemoryLog(Signer).Grow(10, "lie");
        using (var state = WitnessState.Open(second.Path))
            Assert.Equal(200, On(state).Add(liar.Request(0).ToBytes()).Status);
        using var both = WitnessState.Open(first.Path, second.Path);
        Assert.Contains("two roots", Assert.Single(On(both).Logs).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_memory_of_another_key_is_not_trusted()
    {
        Fill(3);
        using var state = WitnessState.Open(first.Path);
        var witness = new Witness(state, [LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 77)], [Signer.Verifier]);
        Assert.Equal(503, witness.Add(log.Grow(1).Request(3).ToBytes()).Status);
    }

    /// <summary>Lets the witness cosign so many entries and gives what its file then holds.</summary>
    private byte[] Fill(int size, params string[] folders)
    {
        folders = folders.Length == 0 ? [first.Path] : folders;
        if (!System.IO.File.Exists(Path.Combine(folders[0], "origins")))
            WitnessState.Create(folders).Dispose();
        using var state = WitnessState.Open(folders);
        var witness = On(state);
        var known = log.Size;
        log.Grow(size - (int)known);
        var answer = witness.Add(log.Request(known).ToBytes());
        Assert.True(answer.Cosigned, answer.Body);
        return System.IO.File.ReadAllBytes(File);
    }

    private sealed class KilledException : Exception;
}
