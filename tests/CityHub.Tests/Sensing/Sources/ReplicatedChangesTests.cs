using System.Buffers.Binary;
using System.Text;
using CityHub.Core.Tables;
using CityHub.Sensing.Sources;
using CsCheck;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>Messages as the manual of PostgreSQL describes them, byte by byte; a real server's are in <see cref="PostgresReplicationTests"/>.</summary>
public sealed class ReplicatedChangesTests
{
    private static readonly PublishedTable Table = new(16384, "", ["no", "ok"], [25, 16], ["no"], 'd', false, null);

    [Fact]
    public async Task A_row_comes_once_as_the_last_change_left_it_behind_all_that_went()
    {
        var changes = Taken(Relation(), Insert("1", "t"), Insert("2", "f"), Update(null, "1", "f"), Delete("2"), Update("1", "3", "t"), Commit(0x16B3748, 86_400_000_000));

        Assert.Equal(["-1|false", "-2|∅", "-1|∅", "3|true"], await RowsAsync(changes));
        Assert.Equal("0/16B3748", changes.UpTo?.ToString());
        Assert.Equal(new DateTimeOffset(2000, 1, 2, 0, 0, 0, TimeSpan.Zero), changes.CommittedAt);
    }

    [Fact]
    public async Task Changes_of_other_tables_are_passed_over()
    {
        var other = Insert("9", "t");
        BinaryPrimitives.WriteUInt32BigEndian(other.AsSpan(1), 16385);
        Assert.Empty(await RowsAsync(Taken(Relation(), other, Commit(1, 0))));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("ok")]
    public void A_table_that_had_other_columns_is_to_be_read_whole(string left) => Assert.NotNull(Taken(Relation(left)).Unsaid);

    [Fact]
    public void Any_bytes_are_changes_or_a_format_error()
    {
        byte[][] all = [Relation(), Insert("1", "t"), Update("1", "3", "t"), Delete("2"), Truncate(), Commit(1, 0)];
        Gen.Select(Gen.Int[0, all.Length - 1], Gen.Int[0, 80], Gen.Byte, Gen.Int[0, 80]).Array[1, 8].Sample(messages =>
        {
            var changes = new ReplicatedChanges(Table);
            try
            {
                foreach (var (which, at, with, length) in messages)
                {
                    byte[] message = [.. all[which].Take(length)];
                    if (message.Length > 0)
                        message[at % message.Length] = with;
                    changes.Take(message);
                }
            }
            catch (FormatException)
            {
                // As it should.
            }
        });
    }

    private static ReplicatedChanges Taken(params byte[][] messages)
    {
        var changes = new ReplicatedChanges(Table);
        foreach (var message in messages)
            changes.Take(message);
        return changes;
    }

    private static async Task<List<string>> RowsAsync(ReplicatedChanges changes)
    {
        var all = new List<string>();
        while (await changes.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                all.Add((batch.Gone ? "-" : "") + string.Join('|', batch.Columns.Select(c => c.IsNull(row) ? "∅" : c.Text(row))));
        return all;
    }

    private static byte[] Relation(params string[] without)
    {
        string[] columns = [.. new[] { "ok", "no", "more" }.Except(without)];
        return [(byte)'R', .. Four(16384), .. Zero("public"), .. Zero("t"), (byte)'d', .. Two((short)columns.Length), .. columns.SelectMany(c => (byte[])[c == "no" ? (byte)1 : (byte)0, .. Zero(c), .. Four(25), .. Four(-1)])];
    }

    private static byte[] Insert(string no, string ok) => [(byte)'I', .. Four(16384), (byte)'N', .. Tuple(ok, no, null)];

    private static byte[] Update(string? before, string no, string ok) => [(byte)'U', .. Four(16384), .. before is null ? [] : (byte[])[(byte)'K', .. Tuple(null, before, null)], (byte)'N', .. Tuple(ok, no, null)];

    private static byte[] Delete(string no) => [(byte)'D', .. Four(16384), (byte)'K', .. Tuple(null, no, null)];

    private static byte[] Truncate() => [(byte)'T', .. Four(2), 0, .. Four(1), .. Four(16384)];

    private static byte[] Commit(long end, long at) => [(byte)'C', 0, .. Eight(end - 8), .. Eight(end), .. Eight(at)];

    private static byte[] Tuple(params string?[] values) =>
        [.. Two((short)values.Length), .. values.SelectMany(v => v is null ? [(byte)'n'] : (byte[])[(byte)'t', .. Four(Encoding.UTF8.GetByteCount(v)), .. Encoding.UTF8.GetBytes(v)])];

    private static byte[] Zero(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static byte[] Two(short value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Four(int value) => [.. Two((short)(value >> 16)), .. Two((short)value)];

    private static byte[] Eight(long value) => [.. Four((int)(value >> 32)), .. Four((int)value)];
}
