`default_nettype none
// Applies consistent-overhead byte stuffing and ends each frame with 0x00; the inverse of sdq_cobs_decode.
//
//   in:  bytes, the last of a frame marked `in_last_i`
//   out: groups [code][code - 1 bytes], code 1..255, then 0x00
//
// A group's code precedes its bytes but is known only at its end. So bytes go into a ring of RING_BYTES one place
// after the reserved code; the code is written when the group ends, and only then may the reader pass:
//
//   read_q ..... finished bytes ..... code_q [code][bytes of the open group] write_q ..... free
//
// A zero is not stored, so its cycle serves to write the code: in steady state a byte is taken every cycle, except
// one cycle more per full group of 254 bytes and two more per frame.
//
// RING_BYTES: a power of two, 512 or more, so that a group can be filled while the one before is read.
module sdq_cobs_encode #(
    parameter RING_BYTES = 512
) (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire       in_valid_i,
    output wire       in_ready_o,
    input  wire [7:0] in_data_i,
    input  wire       in_last_i,
    output wire       out_valid_o,
    input  wire       out_ready_i,
    output wire [7:0] out_data_o,
    output wire       busy_o        // a frame has begun that has not left completely
);

  localparam INDEX_WIDTH = $clog2(RING_BYTES);

  generate
    if (RING_BYTES < 512 || RING_BYTES != (1 << INDEX_WIDTH)) begin : g_reject
      sdq_reject_RING_BYTES_must_be_a_power_of_two_of_at_least_512 reject ();
    end
  endgenerate

  localparam [1:0] S_BYTES = 2'd0;  // takes bytes
  localparam [1:0] S_FULL = 2'd1;  // writes the code of a group of 254 bytes
  localparam [1:0] S_CODE = 2'd2;  // writes the code of the frame's last group
  localparam [1:0] S_DELIMITER = 2'd3;  // writes 0x00

  reg [1:0] state_q;
  reg [7:0] count_q;  // code of the open group: bytes in it plus one
  reg [INDEX_WIDTH:0] read_q;  // one bit more than an index, to tell full from empty
  reg [INDEX_WIDTH:0] code_q;
  reg [INDEX_WIDTH:0] write_q;
  reg valid_q;

  (* no_rw_check *)
  reg [7:0] ring[0:RING_BYTES-1];
  reg [7:0] data_q;

  wire [INDEX_WIDTH:0] used = write_q - read_q;
  wire full = used[INDEX_WIDTH];
  wire takes = in_valid_i && in_ready_o;
  wire is_zero = in_data_i == 8'd0;
  // A group ends: its code is written, and the next group's is reserved where the next byte would have gone.
  wire ends_group = (takes && is_zero) || (!full && (state_q == S_FULL || state_q == S_CODE));
  wire delimits = !full && state_q == S_DELIMITER;

  assign in_ready_o = state_q == S_BYTES && !full;

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= S_BYTES;
      count_q <= 8'd1;
      code_q  <= {INDEX_WIDTH + 1{1'b0}};
      write_q <= {{INDEX_WIDTH{1'b0}}, 1'b1};
    end else begin
      if (takes || ends_group || delimits) write_q <= write_q + 1'b1;
      if (ends_group) begin
        code_q  <= write_q;
        count_q <= 8'd1;
      end else if (delimits) begin
        code_q <= write_q;
      end else if (takes) begin
        count_q <= count_q + 8'd1;
      end

      case (state_q)
        S_BYTES: begin
          if (takes && in_last_i) state_q <= S_CODE;
          else if (takes && !is_zero && count_q == 8'd254) state_q <= S_FULL;
        end
        S_FULL: if (!full) state_q <= S_BYTES;
        S_CODE: if (!full) state_q <= S_DELIMITER;
        default: if (!full) state_q <= S_BYTES;
      endcase
    end
  end

  // One write port: a byte after the others of its group, or a code or delimiter in the reserved place.
  wire stores_byte = takes && !is_zero;
  wire [INDEX_WIDTH-1:0] write_index = stores_byte ? write_q[INDEX_WIDTH-1:0] : code_q[INDEX_WIDTH-1:0];
  wire [7:0] write_data = stores_byte ? in_data_i : delimits ? 8'd0 : count_q;

  always @(posedge clk_i) begin
    if (stores_byte || ends_group || delimits) ring[write_index] <= write_data;
  end

  // Reader: the ring's output register is the output stream's.
  wire reads = read_q != code_q && (!valid_q || out_ready_i);

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q  <= {INDEX_WIDTH + 1{1'b0}};
      valid_q <= 1'b0;
    end else begin
      if (reads) read_q <= read_q + 1'b1;
      valid_q <= reads || (valid_q && !out_ready_i);
    end
  end

  always @(posedge clk_i) begin
    if (reads) data_q <= ring[read_q[INDEX_WIDTH-1:0]];
  end

  assign out_valid_o = valid_q;
  assign out_data_o = data_q;
  assign busy_o = state_q != S_BYTES || count_q != 8'd1 || read_q != code_q || valid_q;

`ifdef FORMAL
  `include "sdq_cobs_encode_properties.vh"
`endif

endmodule
`default_nettype wire
