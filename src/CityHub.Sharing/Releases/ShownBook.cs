using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>What a receiver was shown of a table.</summary>
/// <param name="Atoms">Of each row; null: nothing that tells one from another.</param>
/// <param name="Smallest">The largest group that was asked for.</param>
internal sealed record Shown(int[]? Atoms, int Smallest);

/// <summary>
/// The atoms (<see cref="Partition"/>) of each table that answers about groups were given from, for each receiver, whatever the grant: kept before the answer leaves, so that no restart forgets what was told.
/// They are of one content of the table; the next delivery is told of anew. Numbers of rows and atoms, and no word of what is in them.
/// </summary>
internal sealed class ShownBook(IKept kept)
{
    /// <summary>Rows of a table from which groups are told: two numbers of each are held in memory while a question is answered.</summary>
    public const int MostRows = 20_000_000;

    private const int Format = 1, Header = sizeof(int) + sizeof(int) + sizeof(long) + sizeof(int) + sizeof(int) + sizeof(int);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    /// <summary>One question of a receiver at a time: the next one has to know what this one tells.</summary>
    public async ValueTask<IDisposable> EnterAsync(string dataset, string receiver, CancellationToken cancel)
    {
        var gate = _gates.GetOrAdd(NameOf(dataset, receiver), _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancel);
        return new Turn(gate);
    }

    public Result<Shown> Of(string dataset, string receiver, string table, long content) => kept.Read(NameOf(dataset, receiver)).TryGet(out var bytes, out var problem) ? Read(bytes, table, content) : problem;

    /// <summary>A crash before leaves what was, and nobody was answered; one after it divides more than was told.</summary>
    public Problem? Keep(string dataset, string receiver, string table, long content, Shown shown) => kept.Keep(NameOf(dataset, receiver), Write(table, content, shown)).Problem;

    /// <summary>Once, at start: what is of no dataset any more goes.</summary>
    public void Tidy(Func<string, bool> stands)
    {
        foreach (var name in kept.Names)
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && !stands(name[Prefix.Length..].Split('\n')[0]))
                kept.Drop(name);
    }

    private const string Prefix = "shown\n";

    /// <summary>Also where something was shown of another content.</summary>
    private static readonly Shown Nothing = new(null, 0);

    private static string NameOf(string dataset, string receiver) => $"{Prefix}{dataset}\n{receiver}";

    private static Result<Shown> Read(ReadOnlyMemory<byte> file, string table, long content)
    {
        var bytes = file.Span;
        if (bytes.IsEmpty)
            return Nothing;
        if (bytes.Length < Header || BinaryPrimitives.ReadInt32LittleEndian(bytes) != Format)
            return CityHub.Core.Facts.FactProblems.StorageDamaged.Because("What was shown of a table was not written by this version of the hub.", "Run the version that wrote the data folder, or a later one.");
        var (smallest, of) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
        var (rows, width, name) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]));
        if (of != content || Encoding.UTF8.GetString(bytes.Slice(Header, name)) != table)
            return Nothing;
        var atoms = new int[rows];
        var at = bytes[(Header + name)..];
        for (var row = 0; row < rows; row++)
            atoms[row] = width switch
            {
                1 => at[row],
                2 => BinaryPrimitives.ReadUInt16LittleEndian(at[(row * 2)..]),
                _ => BinaryPrimitives.ReadInt32LittleEndian(at[(row * 4)..]),
            };
        return new Shown(atoms, smallest);
    }

    private static byte[] Write(string table, long content, Shown shown)
    {
        var (atoms, name) = (shown.Atoms ?? [], Encoding.UTF8.GetBytes(table));
        var width = (atoms.Length == 0 ? 0 : atoms.Max()) switch { <= byte.MaxValue => 1, <= ushort.MaxValue => 2, _ => 4 };
        var bytes = new byte[Header + name.Length + ((long)atoms.Length * width)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Format);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), shown.Smallest);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), content);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), atoms.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), width);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), name.Length);
        name.CopyTo(bytes, Header);
        var at = bytes.AsSpan(Header + name.Length);
        for (var row = 0; row < atoms.Length; row++)
        {
            if (width == 1)
                at[row] = (byte)atoms[row];
            else if (width == 2)
                BinaryPrimitives.WriteUInt16LittleEndian(at[(row * 2)..], (ushort)atoms[row]);
            else
                BinaryPrimitives.WriteInt32LittleEndian(at[(row * 4)..], atoms[row]);
        }

        return bytes;
    }

    private sealed class Turn(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
