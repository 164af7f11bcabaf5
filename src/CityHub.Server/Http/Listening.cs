using System.Net;
using System.Security.Cryptography.X509Certificates;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CityHub.Server.Http;

/// <summary>Kestrel as the configuration asks for it.</summary>
internal static class Listening
{
    public static void Limit(KestrelServerLimits to, LimitsConfig limits)
    {
        to.MaxRequestBodySize = limits.Body;
        // Up to limits.headers the Front answers with a problem; Kestrel's own cut has no body.
        to.MaxRequestHeadersTotalSize = limits.Headers * 2;
        to.MaxRequestLineSize = limits.Headers;
        to.RequestHeadersTimeout = limits.HeadersTimeout;
        to.KeepAliveTimeout = limits.KeepAlive;
        to.MaxConcurrentConnections = limits.Connections;
        to.MaxConcurrentUpgradedConnections = limits.Connections;
    }

    public static void Listen(KestrelServerOptions kestrel, Listener listener, Certificates? certificates, Action<ListenOptions>? use = null)
    {
        void Configure(ListenOptions options)
        {
            if (listener.Tls && certificates is not null)
                options.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificateSelector = (_, _) => certificates.Current });
            use?.Invoke(options);
        }

        if (listener.Host == "localhost" && listener.Port > 0)
            kestrel.ListenLocalhost(listener.Port, Configure);
        else if (listener.Host == "localhost")
            kestrel.Listen(IPAddress.Loopback, listener.Port, Configure);
        else if (listener.Host == "*")
            kestrel.ListenAnyIP(listener.Port, Configure);
        else
            kestrel.Listen(IPAddress.Parse(listener.Host), listener.Port, Configure);
    }
}

/// <summary>The certificate of http.certificate. A renewed file is taken up within a minute, without a restart.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly CertificateConfig _config;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private X509Certificate2 _current;
    private DateTime _written;
    private DateTimeOffset _looked;

    private Certificates(CertificateConfig config, TimeProvider time, X509Certificate2 current)
    {
        (_config, _time, _current) = (config, time, current);
        (_written, _looked) = (File.GetLastWriteTimeUtc(config.Path), time.GetUtcNow());
    }

    public static Result<Certificates> Load(CertificateConfig config, TimeProvider time)
    {
        try
        {
            return new Certificates(config, time, Read(config));
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
        {
            return UsageProblems.BadConfiguration.Because($"http.certificate.path is {config.Path}; it cannot be used: {e.Message}", "It takes a PEM file with the chain (and http.certificate.key), or a PKCS#12 file (and http.certificate.password).");
        }
    }

    public X509Certificate2 Current
    {
        get
        {
            lock (_gate)
            {
                var now = _time.GetUtcNow();
                if (now - _looked < TimeSpan.FromMinutes(1))
                    return _current;
                _looked = now;
                try
                {
                    var written = File.GetLastWriteTimeUtc(_config.Path);
                    if (written != _written)
                        (_current, _written) = (Read(_config), written);
                }
                catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
                {
                    // Half of a new pair is written: the old one holds, and the next minute looks again.
                }

                return _current;
            }
        }
    }

    public void Dispose() => _current.Dispose();

    private static X509Certificate2 Read(CertificateConfig config) =>
        Path.GetExtension(config.Path) is ".pfx" or ".p12"
            ? X509CertificateLoader.LoadPkcs12FromFile(config.Path, config.Password)
            : X509Certificate2.CreateFromPemFile(config.Path, config.Key);
}
