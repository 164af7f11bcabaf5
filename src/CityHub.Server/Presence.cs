using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CityHub.Server.Http;

namespace CityHub.Server;

/// <summary>
/// Where the hub of a data folder can be reached: <c>{data}/hub.json</c>, there while it runs, so that verbs on the same folder speak to it.
/// After a crash it stays behind; then nobody answers there, which the verbs say.
/// </summary>
/// <param name="Certificate">SHA-256 of the TLS certificate that will answer; null without TLS.</param>
internal sealed record Presence(Uri Address, string? Certificate)
{
    private static string PathIn(string dataFolder) => Path.Combine(dataFolder, "hub.json");

    public static void Write(string dataFolder, IReadOnlyList<string> addresses, X509Certificate2? certificate) => File.WriteAllBytes(PathIn(dataFolder), Json.Bytes(
        json =>
        {
            json.WriteStartObject();
            json.WriteNumber("process", Environment.ProcessId);
            json.WriteStartArray("addresses");
            foreach (var address in addresses)
                json.WriteStringValue(address);
            json.WriteEndArray();
            if (certificate is not null)
                json.WriteString("certificate", certificate.GetCertHashString(HashAlgorithmName.SHA256));
            json.WriteEndObject();
        },
        indented: true));

    public static void Remove(string dataFolder) => File.Delete(PathIn(dataFolder));

    public static Presence? Read(string dataFolder)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(PathIn(dataFolder)));
            foreach (var address in json.RootElement.GetProperty("addresses").EnumerateArray())
            {
                // Who listens everywhere is reached on loopback.
                var text = (address.GetString() ?? "").Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal).Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal);
                if (Uri.TryCreate(text, UriKind.Absolute, out var uri))
                    return new Presence(uri, json.RootElement.TryGetProperty("certificate", out var hash) ? hash.GetString() : null);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // No hub, or a file that is being written: the same as none.
        }

        return null;
    }

    public HttpClient Client()
    {
        var handler = new SocketsHttpHandler();
        if (Certificate is { } expected)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is not null && certificate.GetCertHashString(HashAlgorithmName.SHA256).Equals(expected, StringComparison.OrdinalIgnoreCase);
        }

        return new HttpClient(handler) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
    }
}
