using System.Security.Cryptography;
using CityHub.Crypto;

namespace CityHub.Server.Deidentification;

/// <summary>A key of 32 bytes in a file that only its owner may read; made with <c>openssl rand -out FILE 32</c>.</summary>
internal static class SecretKeyFile
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <exception cref="CommandLineException">It is not there, has another length, or others may read it.</exception>
    public static ISecretKey Read(string path)
    {
        byte[] bytes;
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
                throw new CommandLineException($"{path} may be read by others; whoever has the key can take the pseudonyms back.", $"chmod 600 {path}");
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandLineException($"The key {path} cannot be read: {e.Message}", $"Make one: openssl rand -out {path} {SecretKeys.Size}; chmod 600 {path}");
        }

        try
        {
            return bytes.Length == SecretKeys.Size
                ? SecretKeys.Of(bytes)
                : throw new CommandLineException(FormattableString.Invariant($"{path} has {bytes.Length} bytes; a key has {SecretKeys.Size}."), $"openssl rand -out {path} {SecretKeys.Size}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
