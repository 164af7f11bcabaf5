using System.Security.Cryptography;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Server.Sharing;

/// <summary>Thirty-two random bytes of the hub, in a file that only its owner may read: pseudonyms and canaries come from it.</summary>
internal static class SharingSecret
{
    private const string Name = "sharing.secret";
    private const int Size = 32;

    public static Result<byte[]> LoadOrCreate(string folder)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            if (!File.Exists(path))
            {
                var fresh = path + ".new";
                var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                using (var file = new FileStream(fresh, options))
                {
                    file.Write(RandomNumberGenerator.GetBytes(Size));
                    file.Flush(flushToDisk: true);
                }

                // A crash before this leaves a file that nobody has used.
                File.Move(fresh, path);
            }

            var bytes = File.ReadAllBytes(path);
            return bytes.Length == Size
                ? bytes
                : FactProblems.StorageDamaged.Because($"{Name} has {bytes.Length} bytes, not {Size}.", "Bring it back from a backup: with another one every pseudonym is another.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return FactProblems.StorageUnavailable.Because($"{Name} cannot be used: {e.Message}");
        }
    }
}
