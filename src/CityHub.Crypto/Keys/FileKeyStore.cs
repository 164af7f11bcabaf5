using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>
/// Keys as files <c>name.key</c> in a folder that only its owner may enter (0700), files that only the owner may read (0600); what is looser is refused, not repaired,
/// because a key that others could read has to be replaced, not hidden. On Windows the rights of the folder are the operator's to set.
/// </summary>
public sealed class FileKeyStore : IKeyStore
{
    private const string Extension = ".key", Unfinished = ".new";
    private const int LongestName = 64;

    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    private readonly string folder;

    /// <summary>Makes the folder where there is none.</summary>
    /// <exception cref="KeyStoreException">Others may enter the folder.</exception>
    public FileKeyStore(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        if (!Directory.Exists(this.folder))
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(this.folder);
            else
                Directory.CreateDirectory(this.folder, OwnerFolder);
        }

        RequireClosed(this.folder, "700");
    }

    public IReadOnlyList<string> Names
    {
        get
        {
            var names = new List<string>();
            foreach (var file in Directory.EnumerateFiles(folder, "*" + Extension))
            {
                var name = Path.GetFileNameWithoutExtension(file);
                if (IsName(name))
                    names.Add(name);
            }

            names.Sort(StringComparer.Ordinal);
            return names;
        }
    }

    public ISigningKey Open(string name)
    {
        var path = PathOf(name);
        RequireClosed(folder, "700");
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new KeyStoreException(KeyStoreFault.NotThere, $"There is no key {name} in {folder}.");
        if (file.LinkTarget is not null)
            throw new KeyStoreException(KeyStoreFault.Damaged, $"{path} is a link; a key file lies in the store itself.");
        RequireClosed(path, "600");

        var buffer = GC.AllocateUninitializedArray<byte>(KeyFile.MaxLength + 1, pinned: true);
        try
        {
            int length;
            using (var handle = File.OpenHandle(path))
                length = RandomAccess.Read(handle, buffer, 0);
            string? why = "it is too long";
            var key = length > KeyFile.MaxLength ? null : KeyFile.Read(buffer.AsSpan(0, length), name, out why);
            return key ?? throw new KeyStoreException(KeyStoreFault.Damaged, $"{path} is not a key file that can be used: {why}. Bring it back from a backup, or make a key of another name.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    public ISigningKey Create(string name, SignatureAlgorithm algorithm)
    {
        Span<byte> secret = stackalloc byte[SigningKeys.SecretSize];
        try
        {
            SigningKeys.Draw(algorithm, secret);
            return Add(name, algorithm, secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    internal ISigningKey Add(string name, SignatureAlgorithm algorithm, ReadOnlySpan<byte> secret)
    {
        var path = PathOf(name);
        RequireClosed(folder, "700");
        if (File.Exists(path))
            throw AlreadyThere(name);
        RemoveUnfinished(name);

        var key = SigningKeys.FromSecret(algorithm, secret);
        var text = KeyFile.Write(name, key.Public, secret);
        var unfinished = Path.Combine(folder, $".{name}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}{Unfinished}");
        try
        {
            // A crash here leaves a part of a file under a name that no key has; the next Create of the key removes it.
            using (var file = new FileStream(unfinished, NewFile()))
            {
                file.Write(text);
                file.Flush(flushToDisk: true);
            }

            // From here on the key is there, whole. Unlike a rename this cannot replace a key that somebody else made meanwhile.
            if (!Durable.TryGiveName(unfinished, path))
                throw AlreadyThere(name);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            // A crash before this leaves the key under two names, and the second one as above.
            File.Delete(unfinished);
        }

        // A crash before this may lose the key, which nobody has been told of.
        Durable.SyncFolder(folder);
        return key;
    }

    private static FileStreamOptions NewFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerFile;
        return options;
    }

    private void RemoveUnfinished(string name)
    {
        foreach (var file in Directory.EnumerateFiles(folder, $".{name}.*{Unfinished}", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
        {
            // Of "a" but not of "a.b": what is between is 16 digits.
            if (Path.GetFileName(file).Length == name.Length + 2 + 16 + Unfinished.Length)
                File.Delete(file);
        }
    }

    private string PathOf(string name) => IsName(name)
        ? Path.Combine(folder, name + Extension)
        : throw new KeyStoreException(KeyStoreFault.BadName, $"A key's name is 1 to {LongestName} of a-z, 0-9, '-', '_' and '.', and begins with a letter or a digit.");

    private static bool IsName(string name)
    {
        if (name.Length is 0 or > LongestName || !(char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0])))
            return false;
        foreach (var letter in name)
        {
            if (!char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && letter is not ('-' or '_' or '.'))
                return false;
        }

        return true;
    }

    private KeyStoreException AlreadyThere(string name) =>
        new(KeyStoreFault.AlreadyThere, $"There is a key {name} in {folder} already. A key is never overwritten: choose another name, e.g. one with a number.");

    private static void RequireClosed(string path, string mode)
    {
        if (!OperatingSystem.IsWindows())
            RequireClosedMode(path, mode);
    }

    [UnsupportedOSPlatform("windows")]
    private static void RequireClosedMode(string path, string mode)
    {
        var actual = File.GetUnixFileMode(path);
        if ((actual & ~OwnerFolder) == 0)
            return;
        throw new KeyStoreException(
            KeyStoreFault.TooOpen,
            $"{path} is open to others than its owner (mode {Convert.ToString((int)actual, 8)}). Run: chmod {mode} {path} - and if others could have read it, make new keys.");
    }
}
