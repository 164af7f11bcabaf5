using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CityHub.Ledger;

/// <summary>How many entries count, and the root of each tree over them, in the order of the trees.</summary>
internal sealed record HeadState(long Sequence, long Size, IReadOnlyList<HeadRoot> Roots)
{
    private const string Title = "cityhub/log-head@v1";

    public byte[] ToBytes()
    {
        var text = new StringBuilder(Title).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"sequence {Sequence}\nsize {Size}\n");
        foreach (var root in Roots)
            text.Append(CultureInfo.InvariantCulture, $"root {Convert.ToBase64String(root.Root)} {root.Hash} {root.Origin}\n");
        var body = text.ToString();
        return Encoding.UTF8.GetBytes($"{body}sha256 {Sum(body)}\n");
    }

    /// <summary>Only what <see cref="ToBytes"/> writes; null for anything else.</summary>
    public static HeadState? Parse(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var end = text.LastIndexOf("sha256 ", StringComparison.Ordinal);
        if (end < 0 || text[end..] != $"sha256 {Sum(text[..end])}\n")
            return null;
        var lines = text[..(end - 1)].Split('\n');
        if (lines.Length < 3 || lines[0] != Title || !TryNumber(lines[1], "sequence ", out var sequence) || !TryNumber(lines[2], "size ", out var size))
            return null;
        var roots = new List<HeadRoot>();
        foreach (var line in lines[3..])
        {
            var parts = line.Split(' ', 4);
            if (parts.Length != 4 || parts[0] != "root" || !NoteText.TryHash(parts[1], out var root))
                return null;
            roots.Add(new HeadRoot(parts[2], parts[3], root));
        }

        return new HeadState(sequence, size, roots);
    }

    public byte[]? RootOf(LogTree tree)
    {
        foreach (var one in Roots)
        {
            if (one.Hash == tree.Hash.Name && one.Origin == tree.Origin)
                return one.Root;
        }

        return null;
    }

    private static bool TryNumber(string line, string word, out long number)
    {
        number = 0;
        return line.StartsWith(word, StringComparison.Ordinal) && long.TryParse(line.AsSpan(word.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

internal sealed record HeadRoot(string Hash, string Origin, byte[] Root);

/// <summary>
/// The file <c>head</c>: two slots that are written in turn, each with its checksum, so that a write that was cut leaves the one before.
/// It has its full length from the beginning: a full disk does not stop it.
/// </summary>
internal sealed class LogHead : IDisposable
{
    private const string FileName = "head";

    private const int SlotBytes = 16 * 1024;

    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle file;
    private readonly string path;
    private readonly Action<LogStep, string>? step;

    private LogHead(Microsoft.Win32.SafeHandles.SafeFileHandle file, string path, Action<LogStep, string>? step) => (this.file, this.path, this.step) = (file, path, step);

    /// <summary>The newer slot that is whole.</summary>
    public HeadState? Last { get; private set; }

    public static LogHead Open(string folder, Action<LogStep, string>? step)
    {
        var path = Path.Combine(folder, FileName);
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var head = new LogHead(handle, path, step);
            if (RandomAccess.GetLength(handle) < 2 * SlotBytes)
            {
                // A crash here leaves a shorter file, which the next one who opens makes longer.
                RandomAccess.Write(handle, new byte[2 * SlotBytes - RandomAccess.GetLength(handle)], RandomAccess.GetLength(handle));
                RandomAccess.FlushToDisk(handle);
                DurableFiles.SyncFolder(folder);
            }

            HeadState?[] slots = [head.Read(0), head.Read(1)];
            head.Last = slots[0] is { } a && slots[1] is { } b ? (a.Sequence > b.Sequence ? a : b) : slots[0] ?? slots[1];
            return head;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>When this returns, the entries count. After a failure, the next write goes into the same slot.</summary>
    public void Write(long size, IReadOnlyList<HeadRoot> roots)
    {
        var state = new HeadState((Last?.Sequence ?? 0) + 1, size, roots);
        var bytes = state.ToBytes();
        if (bytes.Length > SlotBytes)
            throw new LedgerException("The names of the trees are too long for the head of the log.");
        var slot = new byte[SlotBytes];
        bytes.CopyTo(slot, 0);
        step?.Invoke(LogStep.WriteHead, path);
        RandomAccess.Write(file, slot, (state.Sequence & 1) * SlotBytes);
        step?.Invoke(LogStep.SyncHead, path);
        RandomAccess.FlushToDisk(file);
        step?.Invoke(LogStep.HeadSynced, path);
        Last = state;
    }

    public void Dispose() => file.Dispose();

    private HeadState? Read(int slot)
    {
        var bytes = new byte[SlotBytes];
        var length = RandomAccess.Read(file, bytes, slot * SlotBytes);
        var text = bytes.AsSpan(0, length);
        var end = text.IndexOf((byte)0);
        return HeadState.Parse(end < 0 ? text : text[..end]);
    }
}
