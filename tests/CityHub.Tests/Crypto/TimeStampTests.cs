using System.Diagnostics;
using System.Security.Cryptography;
using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

/// <summary>The openssl command is the authority: it stamps what we ask for, and verifies what we have kept.</summary>
public sealed class TimeStampTests : IDisposable
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    private readonly TimeStampAuthority authority = new();

    [Fact]
    public void An_authoritys_answer_is_a_time_that_openssl_verifies_too()
    {
        var data = "the checkpoint\n"u8.ToArray();
        var hash = SHA256.HashData(data);

        var response = authority.Answer(TimeStamp.Request(hash, Nonce));

        Assert.True(TimeStamp.TryRead(response, hash, Nonce, out var stamp, out var why), why);
        Assert.Contains("Test Authority", stamp.Authority, StringComparison.Ordinal);
        Assert.True(authority.Verifies(stamp.Response, data));
        Assert.False(authority.Verifies(stamp.Response, [.. data, 0]));
    }

    [Fact]
    public void Refused_when_the_answer_is_about_something_else_or_was_changed()
    {
        var hash = SHA256.HashData("the checkpoint\n"u8);
        var response = authority.Answer(TimeStamp.Request(hash, Nonce));

        Assert.False(TimeStamp.TryRead(response, SHA256.HashData("another\n"u8), Nonce, out _, out _));
        Assert.False(TimeStamp.TryRead(response, hash, [.. Nonce.Reverse()], out _, out _));
        Assert.False(TimeStamp.TryRead([], hash, Nonce, out _, out _));
        Assert.False(TimeStamp.TryRead(authority.Answer([0x30, 0x00]), hash, Nonce, out _, out _));
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            var damaged = response.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            // What is not signed (the status' text, the certificate's own signature) may change; the time it tells may not.
            if (TimeStamp.TryRead(damaged, hash, Nonce, out var stamp, out _))
                Assert.Equal(Read(response, hash).At, stamp.At);
        }
    }

    public void Dispose() => authority.Dispose();

    private static TimeStamp Read(byte[] response, byte[] hash) => TimeStamp.TryRead(response, hash, Nonce, out var stamp, out var why) ? stamp : throw new InvalidOperationException(why);
}

/// <summary><c>openssl ts</c> with a root and a certificate for time stamps of its own.</summary>
internal sealed class TimeStampAuthority : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cityhub-tsa-").FullName;

    public TimeStampAuthority()
    {
        File.WriteAllText(In("tsa.cnf"), """
            [tsa]
            default_tsa = one
            [one]
            serial = serial
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256
            [ext]
            extendedKeyUsage = critical,timeStamping
            """);
        File.WriteAllText(In("serial"), "01\n");
        Need("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test Root", "-days", "3650");
        Need("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test Authority");
        Need("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem", "-days", "3650", "-extfile", "tsa.cnf", "-extensions", "ext");
    }

    public byte[] Answer(byte[] request)
    {
        File.WriteAllBytes(In("request"), request);
        Need("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request", "-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "ca.pem", "-out", "response");
        return File.ReadAllBytes(In("response"));
    }

    public bool Verifies(byte[] response, byte[] data)
    {
        File.WriteAllBytes(In("kept"), response);
        File.WriteAllBytes(In("data"), data);
        return Run("ts", "-verify", "-in", "kept", "-data", "data", "-CAfile", "ca.pem") == 0;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Need(params string[] arguments)
    {
        var code = Run(arguments);
        Assert.SkipUnless(code >= 0, "There is no openssl command on this machine.");
        Assert.True(code == 0, $"openssl {string.Join(' ', arguments)} ended with {code}.");
    }

    private int Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException("openssl did not start.");
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            errors.GetAwaiter().GetResult();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }

    private string In(string name) => Path.Combine(folder, name);
}
