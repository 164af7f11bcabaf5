using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace CityHub.Ledger;

/// <summary>
/// What a witness must never forget: for each log the last checkpoint that it cosigned. A log is a file with that checkpoint, our cosignature in it, so that a
/// changed file is told by our own key. The file <c>origins</c> lists every log that was ever cosigned, so that a lost file is not taken for a new log.
/// More than one folder, best on different disks, all hold the same: one that is set back is told by the other, and the later word counts.
/// One process at a time; calls for one origin come one after the other.
/// </summary>
public sealed class WitnessState : IDisposable
{
    private const string Header = "cityhub/witness-state@v1";
    private const string Origins = "origins", Lock = "lock";

    private readonly string[] folders;
    private readonly List<FileStream> locks;
    private readonly Lock writing = new();
    private readonly HashSet<string> origins = new(StringComparer.Ordinal);

    private WitnessState(string[] folders, List<FileStream> locks, IEnumerable<string> origins)
    {
        this.folders = folders;
        this.locks = locks;
        this.origins.UnionWith(origins);
    }

    /// <summary>Called before each step of a write; tests end the process there.</summary>
    internal Action<string>? Step { get; set; }

    /// <summary>Begins an empty memory, for a key that has never signed.</summary>
    /// <exception cref="WitnessException">There is one in one of the folders.</exception>
    public static WitnessState Create(params ReadOnlySpan<string> folders)
    {
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(folder);
            if (Directory.EnumerateFiles(folder).Any(file => Path.GetFileName(file) != Lock))
                throw new WitnessException($"{folder} is not empty. A witness begins with an empty memory once, with its key; afterwards it goes on with what it has.");
        }

        foreach (var folder in folders)
            DurableFiles.Replace(Path.Combine(folder, Origins), Encoding.UTF8.GetBytes(Header + "\n"));
        return Open(folders);
    }

    /// <exception cref="WitnessException">A folder is not there, not a witness's, or another process has it.</exception>
    public static WitnessState Open(params ReadOnlySpan<string> folders)
    {
        if (folders.Length == 0)
            throw new ArgumentException("A witness remembers in one folder at least.", nameof(folders));
        var locks = new List<FileStream>();
        try
        {
            var all = new HashSet<string>(StringComparer.Ordinal);
            foreach (var folder in folders)
            {
                var list = Path.Combine(folder, Origins);
                if (!File.Exists(list))
                    throw new WitnessException($"The memory of the witness is not in {folder}: there is no file {Origins}. If it was lost, make a new witness with a new key; one that forgot what it signed could sign the opposite.");
                locks.Add(Hold(folder));
                var lines = ReadLines(list);
                if (lines[0] != Header || lines[^1].Length > 0)
                    throw new WitnessException($"{list} is not the memory of a witness, or it was cut: it begins with {Header} and ends with a newline.");
                all.UnionWith(lines[1..^1]);
            }

            return new WitnessState(folders.ToArray(), locks, all);
        }
        catch
        {
            foreach (var held in locks)
                held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var held in locks)
            held.Dispose();
    }

    /// <summary>The name that c2sp.org/tlog-witness gives to an origin in paths.</summary>
    public static string NameOf(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    /// <summary>What each folder holds for this log; null in all of them where it was never cosigned.</summary>
    /// <exception cref="WitnessException">No folder has it although it was cosigned.</exception>
    internal IReadOnlyList<byte[]?> Read(string origin)
    {
        var found = new byte[]?[folders.Length];
        for (var i = 0; i < found.Length; i++)
        {
            // What was renamed and perhaps not synced, because a write failed, has to be there before we build on it.
            DurableFiles.SyncFolder(folders[i]);
            var file = FileOf(folders[i], origin);
            found[i] = File.Exists(file) ? File.ReadAllBytes(file) : null;
        }

        bool known;
        lock (writing)
            known = origins.Contains(origin);
        if (known && found.All(one => one is null))
            throw new WitnessException($"The last checkpoint of {origin} was lost: {FileOf(folders[0], origin)} is not there.");
        return found;
    }

    /// <summary>
    /// Before a cosignature leaves. A crash leaves, after each step: 1 the file is replaced, in each folder – the old checkpoint or the new one, whose cosignature
    /// nobody has; 2 the origin is added to the list, in each folder, the first time – a file that is not listed, of which nobody knows either.
    /// </summary>
    internal void Write(string origin, SignedNote cosigned)
    {
        var bytes = cosigned.ToBytes();
        foreach (var folder in folders)
            DurableFiles.Replace(FileOf(folder, origin), bytes, Step);
        Remember(origin);
    }

    /// <summary>From now on, a missing file of this origin is a loss.</summary>
    internal void Remember(string origin)
    {
        lock (writing)
        {
            if (origins.Contains(origin))
                return;
            var list = Encoding.UTF8.GetBytes(Header + "\n" + string.Concat(origins.Append(origin).Order(StringComparer.Ordinal).Select(one => one + "\n")));
            foreach (var folder in folders)
                DurableFiles.Replace(Path.Combine(folder, Origins), list, Step);
            origins.Add(origin);
        }
    }

    /// <summary>Keeps a text about a log that a person has to see. The first one stays.</summary>
    internal void Keep(string origin, string kind, string text)
    {
        foreach (var folder in folders)
        {
            var file = Path.Combine(folder, $"{NameOf(origin)}.{kind}");
            if (!File.Exists(file))
                DurableFiles.Replace(file, Encoding.UTF8.GetBytes(text));
        }
    }

    internal bool TryKept(string origin, string kind, [NotNullWhen(true)] out string? text)
    {
        foreach (var folder in folders)
        {
            var file = Path.Combine(folder, $"{NameOf(origin)}.{kind}");
            if (!File.Exists(file))
                continue;
            text = File.ReadAllText(file);
            return true;
        }

        text = null;
        return false;
    }

    private static FileStream Hold(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new WitnessException($"Another process has {folder}. Two witnesses with one key and two memories would sign two truths; stop the other one.");
        }
    }

    private static string[] ReadLines(string file) => File.ReadAllText(file).Split('\n');

    private static string FileOf(string folder, string origin) => Path.Combine(folder, NameOf(origin) + ".checkpoint");
}
