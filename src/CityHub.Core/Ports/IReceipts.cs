using CityHub.Core.Problems;

namespace CityHub.Core.Ports;

/// <summary>The proof that an act is in the ledger, for whoever it was done for: it verifies without the hub (C2SP tlog-proof).</summary>
public interface IReceipts
{
    /// <param name="position">Of the act's fact, <see cref="RecordedAct.Position"/>.</param>
    /// <param name="witnessed">Waits for the quorum of the witness policy, too; refused when it does not come within seconds.</param>
    ValueTask<Result<byte[]>> ReceiptAsync(long position, bool witnessed, CancellationToken cancel = default);
}
