using System.Buffers.Text;
using System.Security.Cryptography;
using CityHub.Core.Problems;

namespace CityHub.Server.Doors;

/// <summary>
/// The key with which this hub signs tokens: ECDSA P-256, kept as PKCS#8 PEM in <c>{data}/keys/hub.pem</c>, readable by its owner alone.
/// Made at the first start; whoever can read the file can open the hub.
/// </summary>
internal sealed class HubKey : IDisposable
{
    public const string FileName = "hub.pem";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private HubKey(ECDsa key)
    {
        Key = key;
        Id = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 12));
    }

    public ECDsa Key { get; }

    /// <summary>The <c>kid</c>: the beginning of the SHA-256 of the public key.</summary>
    public string Id { get; }

    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "keys", FileName);

    /// <summary>The key of a data folder, made if there is none yet.</summary>
    public static Result<HubKey> LoadOrCreate(string dataFolder) => File.Exists(PathIn(dataFolder)) ? Load(dataFolder) : Create(dataFolder);

    /// <summary>The key of a data folder that a hub has used before.</summary>
    public static Result<HubKey> Load(string dataFolder)
    {
        var path = PathIn(dataFolder);
        if (!File.Exists(path))
            return DoorProblems.KeyUnusable.Because($"There is no key at {path}.", "A hub makes it at its first start: cityhub serve --data DIR. Is this the right data folder?");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            return DoorProblems.KeyUnusable.Because($"The key {path} can be read by others.", $"chmod 600 {path}, and think about who may have read it.");
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (key.KeySize == 256)
                return new HubKey(key);
            key.Dispose();
            return DoorProblems.KeyUnusable.Because($"The key {path} is no P-256 key.");
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or UnauthorizedAccessException)
        {
            key.Dispose();
            return DoorProblems.KeyUnusable.Because($"The key {path} cannot be read: {e.Message}", "Restore it from a backup, or remove it: the next start makes a new one, and all tokens of the old one are void.");
        }
    }

    private static Result<HubKey> Create(string dataFolder)
    {
        var path = PathIn(dataFolder);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // A crash before the move leaves a stray temporary file and no key: the next start makes another.
        var temporary = path + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? dataFolder);
            File.Delete(temporary);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            using (var file = new FileStream(temporary, options))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path);
            return new HubKey(key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            return DoorProblems.KeyUnusable.Because($"The key {path} cannot be written: {e.Message}");
        }
    }

    public void Dispose() => Key.Dispose();
}

internal static class DoorProblems
{
    public static readonly ProblemKind KeyUnusable = new("hub-key-unusable", "The hub's key cannot be used", 500);
    public static readonly ProblemKind UnknownPermission = new("unknown-permission", "There is no such permission", 400);
    public static readonly ProblemKind TokenLifetime = new("token-lifetime", "A token cannot be that long-lived", 400);
    public static readonly ProblemKind BreakGlass = new("break-glass-refused", "This is no emergency token", 400);
    public static readonly ProblemKind TokenUnknown = new("token-unknown", "The hub has issued no such token", 404);
    public static readonly ProblemKind NoHub = new("no-hub", "No hub answers on this data folder", 503);
}
