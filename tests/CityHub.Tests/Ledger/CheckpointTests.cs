using System.Text;
using CityHub.Ledger;
using CsCheck;

namespace CityHub.Tests.Ledger;

public sealed class CheckpointTests
{
    private const string Root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    [Fact]
    public void The_example_of_the_specification_is_read_and_written_back()
    {
        var body = $"example.com/behind-the-sofa\n20852163\n{Root}\n";
        var checkpoint = Checkpoint.Parse(body);
        Assert.Equal(("example.com/behind-the-sofa", 20852163L), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal(body, checkpoint.Body);
        Assert.Equal(checkpoint, Checkpoint.Parse(body));
        Assert.Equal(checkpoint.GetHashCode(), Checkpoint.Parse(body).GetHashCode());
        Assert.NotEqual(checkpoint, checkpoint with { Root = new byte[32] });
    }

    [Theory]
    [InlineData("o\n1\nR")]
    [InlineData("o\n1\n")]
    [InlineData("\n1\nR\n")]
    [InlineData("o\n01\nR\n")]
    [InlineData("o\n+1\nR\n")]
    [InlineData("o\n-1\nR\n")]
    [InlineData("o\n 1\nR\n")]
    [InlineData("o\n\nR\n")]
    [InlineData("o\n1e3\nR\n")]
    [InlineData("o\n\u0661\nR\n")]
    [InlineData("o\n9223372036854775808\nR\n")]
    [InlineData("o\n1\nR\nextension\n")]
    [InlineData("o\n1\nR\n\n")]
    [InlineData("o\n1\nAAAA\n")]
    [InlineData("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n")]
    [InlineData("o\u0001\n1\nR\n")]
    public void What_is_not_a_checkpoint_is_refused_with_a_reason(string body)
    {
        Assert.False(Checkpoint.TryParse(body.Replace("R", Root, StringComparison.Ordinal), out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Every_checkpoint_is_read_as_it_was_written() =>
        Gen.Select(Gen.String[Gen.Char[' ', '\ud7ff'], 1, 40], Gen.Long[0, long.MaxValue], Gen.Byte.Array[32]).Sample(
            (origin, size, root) =>
            {
                var checkpoint = new Checkpoint(origin, size, root);
                return Checkpoint.TryParse(checkpoint.Body, out var again, out _) && again == checkpoint;
            },
            iter: 2000);

    /// <summary>Notes, signatures, checkpoints, vkeys: changed at random places, they are refused or they are what they say, byte for byte.</summary>
    [Fact]
    public void Readers_accept_only_what_they_would_write_and_throw_nothing()
    {
        var random = new Random(20261123);
        var note = Encoding.UTF8.GetBytes(SignedNote.Sign(
            new Checkpoint("city.example/audit", 1_000_000, LedgerKeys.Secret(5)).Body,
            LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1),
            LedgerKeys.Signer("w.example", NoteKeyType.Ed25519Cosignature, 2)).ToString());
        var vkey = Encoding.UTF8.GetBytes(LedgerKeys.Signer("w.example", NoteKeyType.Ed25519Cosignature, 2).Verifier.ToString());
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Mutations.Change(random, round % 4 == 0 ? vkey : note);
            if (SignedNote.TryParse(bytes, out var read, out var why))
            {
                Assert.True(read.ToBytes().AsSpan().SequenceEqual(bytes));
                if (Checkpoint.TryParse(read.Text, out var checkpoint, out why))
                    Assert.Equal(read.Text, checkpoint.Body);
                accepted++;
            }

            Assert.True(why is null or { Length: > 0 });
            var text = Encoding.UTF8.GetString(bytes);
            if (VerifierKey.TryParse(text, out var key, out _))
                Assert.Equal(text, key.ToString());
        }

        Assert.InRange(accepted, 100, 19_000); // else the changes say nothing
    }
}

/// <summary>Small deterministic changes of bytes: flips, cuts, doublings, swaps of lines.</summary>
internal static class Mutations
{
    private static readonly byte[] Interesting = [0, 9, 10, 13, 32, (byte)'+', (byte)'=', (byte)'0', (byte)'9', (byte)'A', 0x7f, 0x80, 0xe2, 0xff];

    public static byte[] Change(Random random, ReadOnlySpan<byte> from)
    {
        var bytes = new List<byte>(from.ToArray());
        for (var n = random.Next(1, 4); n > 0 && bytes.Count > 0; n--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 50), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = Interesting[random.Next(Interesting.Length)]; break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 4: bytes.Insert(at, Interesting[random.Next(Interesting.Length)]); break;
                default: bytes[at] = (byte)random.Next(0x20, 0x7f); break;
            }
        }

        return [.. bytes];
    }
}
